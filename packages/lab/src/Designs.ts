/** Every design by name. */
import type { Design } from "./Design.ts"
import * as Ablation from "./designs/Ablation.ts"
import * as Field from "./designs/Field.ts"
import * as Fleet from "./designs/Fleet.ts"
import * as Seed from "./designs/Seed.ts"
import * as Truce from "./designs/Truce.ts"

export const all: ReadonlyArray<Design> = [...Seed.all, ...Field.all, ...Truce.all, ...Ablation.all, ...Fleet.all]

export const find = (name: string): Design | undefined => all.find((design) => design.name === name)

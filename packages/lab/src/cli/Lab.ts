/** What the commands work on. */
import * as Context from "effect/Context"
import type { Catalogue } from "../Catalogue.ts"

export class Lab extends Context.Tag("@truce/lab/Lab")<
  Lab,
  {
    readonly catalogue: Catalogue
    /** The module that exports the catalogue, for the workers. */
    readonly module: string
  }
>() {}

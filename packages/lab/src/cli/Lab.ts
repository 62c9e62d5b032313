/** What the commands work on. */
import * as Context from "effect/Context"
import type { Catalogue } from "../Catalogue.ts"
import type { Walkthrough } from "../Walkthrough.ts"

export class Lab extends Context.Tag("@truce/lab/Lab")<
  Lab,
  {
    readonly catalogue: Catalogue
    /** The module that exports the catalogue, for the workers. */
    readonly module: string
    /** Not of the catalogue, which every worker loads. */
    readonly walkthroughs: ReadonlyArray<Walkthrough>
  }
>() {}

/** What the command line and its workers say to each other. */
import type { RunResult } from "./Run.ts"
import type { Scenario } from "./Scenario.ts"

export interface Setup {
  /** The module that exports the `catalogue`: functions do not travel between threads, the names of designs do. */
  readonly catalogue: string
}

export interface Job {
  readonly scenario: Scenario
  /** The name of a design. */
  readonly design: string
  readonly seed: number
  /** Without it a result has no time series. */
  readonly series: boolean
  /** Keeps up to this many events. Default: 0. */
  readonly trace?: number
}

export type Message =
  | { readonly _tag: "Progress"; readonly share: number }
  | { readonly _tag: "Done"; readonly result: RunResult }
  | { readonly _tag: "Failed"; readonly message: string }

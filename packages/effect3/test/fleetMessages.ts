import type { CircuitBreaker } from "@truce/effect3"
import type { Options } from "@truce/effect3/Fleet"

/** What a process of a fleet is started with. */
export interface Start {
  readonly name: string
  readonly key: string
  readonly redis: string
  readonly prefix: string
  /** The port of what its attempts ask. */
  readonly target: number
  readonly skewMillis?: number
  readonly fleet?: Options
  readonly circuit?: CircuitBreaker.Options
}

export type Command =
  | { readonly _tag: "Rate"; readonly perSecond: number }
  | { readonly _tag: "Bad"; readonly isBad: boolean }
  | { readonly _tag: "Stop" }
  | { readonly _tag: "Attempt"; readonly id: number }
  | { readonly _tag: "State"; readonly id: number }

export interface Known {
  readonly status: string
  readonly score: number
  readonly openings: number
  readonly condition: string
}

/** `at` is the machine's time in ms. */
export type Told =
  | { readonly _tag: "Answer"; readonly id: number; readonly value: string | Known }
  | { readonly _tag: "Moved"; readonly to: string; readonly at: number }
  | { readonly _tag: "Probe"; readonly id: number; readonly at: number; readonly isEnd: boolean }
  | { readonly _tag: "Wrong"; readonly what: string }
  | { readonly _tag: "Log"; readonly level: string; readonly text: string }

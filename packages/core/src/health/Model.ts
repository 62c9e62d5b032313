import type { Mass } from "./Outcome.ts"
import type { Volume } from "./Traffic.ts"

/**
 * How outcomes move the health score of one key, and when the score trips the circuit.
 *
 * `S` is the state of one key: immutable plain data. Every function is pure; time is a parameter, in milliseconds. They are methods in the
 * types, so that a model of any state is a `HealthModel<unknown>`: nobody but the model makes or reads its states.
 *
 * @category models
 * @since 0.1.0
 */
export interface HealthModel<S = unknown> {
  /** The constructor's name; a snapshot is restored only to a model of the same name. */
  readonly name: string
  /** Every parameter with its value, for comparing policies and for telling a reader. */
  readonly parameters: Readonly<Record<string, number | boolean>>
  /** The score at which the model trips: below it for `ledger` and `ewma`, at it for the others. */
  readonly openBelow: number
  /** The j-th failed attempt of one call weighs `discount ** j`; 1 where every attempt has full weight. */
  readonly discount: number
  /** The walk of the score in HalfOpen, from 0: a failure takes 1/n, a success gives rho/n. */
  readonly probation: Probation
  /** The state of a key that has seen nothing: score 1. */
  readonly init: S
  /** One attempt with non-zero mass, in Closed. `traffic` already counts it. Returns the same reference if nothing changed. */
  observe(self: S, mass: Mass, traffic: Volume, now: number): S
  /** Whether `observe` returns the same reference for such an attempt at any traffic and time; left out where it seldom would. */
  isUnmoved?(self: S, mass: Mass): boolean
  /** Whether `observe` only adds what is linear in the masses and clamps, so that it may be told the sum of many; left out for no. */
  readonly isLinear?: boolean | undefined
  /** The health score in [0, 1]; without events it never falls. */
  score(self: S, now: number): number
  /** Whether a failure that led to this state opens the circuit. */
  trips(self: S, now: number): boolean
  /** The state on closing after probation left `suspicion` (1 - score). */
  resume(self: S, suspicion: number, now: number): S
  /** The state that goes on from one another model left; of `opaque` models alone, for only they meet one. */
  adopt?(self: S, now: number): S
  /** The state as it is at `now` as plain JSON data, and back; `decode` moves all times by `shift` and returns `undefined` for what is not a state. */
  encode(self: S, now: number): unknown
  decode(data: unknown, shift: number): S | undefined
}

/**
 * The parameters of the walk in HalfOpen.
 *
 * @category models
 * @since 0.1.0
 */
export interface Probation {
  readonly n: number
  readonly rho: number
}

/** The walk of models that have no n and rho of their own: two net successes reach a score of 0.8. */
export const defaultProbation: Probation = { n: 5, rho: 2 }

/** Sums of decimal steps miss their targets by a few ulps: comparisons give way by this much. */
export const epsilon = 1e-9

export const clamp01 = (x: number): number => (x < 0 ? 0 : x > 1 ? 1 : x)

/** Reads finite numbers by name out of unknown data; `undefined` if one is missing. */
export const numbers = <K extends string>(
  data: unknown,
  names: ReadonlyArray<K>
): { readonly [name in K]: number } | undefined => {
  if (typeof data !== "object" || data === null) return undefined
  const found: Partial<Record<K, number>> = {}
  for (const name of names) {
    const value: unknown = Reflect.get(data, name)
    if (typeof value !== "number" || !Number.isFinite(value)) return undefined
    found[name] = value
  }
  return isComplete(found, names) ? found : undefined
}

const isComplete = <K extends string>(
  found: Partial<Record<K, number>>,
  names: ReadonlyArray<K>
): found is Record<K, number> => names.every((name) => name in found)

/**
 * What the processes of a fleet share about one key.
 *
 * @since 0.1.0
 */
import type { CircuitPolicy } from "../circuit/CircuitPolicy.ts"
import type { Circuit } from "../circuit/CircuitState.ts"

/**
 * The rules of the shared circuit: those of a circuit, and how many witnesses an opening needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Policy<S> extends CircuitPolicy<S> {
  readonly witnesses: number
}

/**
 * The shared judgement of one key: a circuit on the store's clock, and the processes that have failed since its score was last 1.
 *
 * `witnesses` holds the smallest hashes of their names, ascending, no more than an opening needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shared<S> {
  readonly circuit: Circuit<S>
  readonly witnesses: ReadonlyArray<number>
}

/**
 * What a call has behind it: its attempts, first to last.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../health/Outcome.ts"

/**
 * When an attempt was made, in ms.
 *
 * @category models
 * @since 0.1.0
 */
export interface Made {
  readonly startedAt: number
  readonly endedAt: number
}

/**
 * Where an attempt stands in its call: `number` from 0, `startMillis` after the call began, `delayMillis` after the attempt before.
 *
 * @category models
 * @since 0.1.0
 */
export interface Place {
  readonly number: number
  readonly startMillis: number
  readonly durationMillis: number
  readonly delayMillis: number
}

/**
 * The place of an attempt in a call that began at `begunAt`, after `count` others of which `last` was the last one.
 *
 * **Example** (A retry after 100 ms)
 *
 * ```ts
 * import { Trail } from "@truce/core"
 *
 * const first = Trail.place({ count: 0, last: undefined }, 5_000, { startedAt: 5_000, endedAt: 5_020 })
 * const second = Trail.place({ count: 1, last: first }, 5_000, { startedAt: 5_120, endedAt: 5_150 })
 * second // => { number: 1, startMillis: 120, durationMillis: 30, delayMillis: 100 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const place = (
  before: { readonly count: number; readonly last: Pick<Place, "startMillis" | "durationMillis"> | undefined },
  begunAt: number,
  { endedAt, startedAt }: Made
): Place => {
  const startMillis = startedAt - begunAt
  const ended = before.last === undefined ? 0 : before.last.startMillis + before.last.durationMillis
  return {
    number: before.count,
    startMillis,
    durationMillis: endedAt - startedAt,
    // Attempts of one call may overlap, where the call made more than one at once.
    delayMillis: Math.max(0, startMillis - ended)
  }
}

/**
 * The failed attempts on a key: the j of the weight 0.5^j that the next one has. What was ignored or answered is none.
 *
 * @category getters
 * @since 0.1.0
 */
export const failed = (
  trail: ReadonlyArray<{ readonly key: string; readonly outcome: Outcome["_tag"] }>,
  key: string
): number => {
  let count = 0
  for (const attempt of trail) if (attempt.key === key && attempt.outcome === "Failure") count++
  return count
}

/** A scenario: a world, the callers' patience, and the window that is measured. Plain data. */
import type { Backoff } from "@truce/core"
import type { World } from "./World.ts"

export interface Scenario {
  /** For the command line and for files: lower case with dashes. */
  readonly name: string
  readonly title: string
  readonly description: string
  readonly world: World
  readonly durationMillis: number
  /** A caller waits this long for one attempt. */
  readonly timeoutMillis: number
  /** An answer later than this is slow. Default: half the timeout. */
  readonly slowAfterMillis?: number
  /** Attempts of one call. Default: 3. */
  readonly attempts?: number
  /** Default: 100 ms, doubled, spread by U(0.5, 1.5). */
  readonly backoff?: Backoff.Options
  /** The window of "during"; what is before and after it is counted apart. */
  readonly fault: { readonly fromMillis: number; readonly untilMillis: number }
  /** Width of a point of the time series. Default: the duration by 240, at least 100 ms. */
  readonly bucketMillis?: number
}

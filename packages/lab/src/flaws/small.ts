/** The small worlds of the flaws: nothing in them is random unless it says so. */
import type { Scenario } from "../Scenario.ts"
import type { Arrivals, Fault } from "../World.ts"

export interface Options {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly arrivals: Arrivals
  readonly faults: ReadonlyArray<Fault>
  readonly durationMillis: number
  readonly attempts?: number
  readonly backoffMillis?: number
}

/** A service that fails at once and answers in 2 ms; a backoff without spread. */
export const small = (options: Options): Scenario => ({
  name: options.name,
  title: options.title,
  description: options.description,
  durationMillis: options.durationMillis,
  timeoutMillis: 1_000,
  attempts: options.attempts ?? 3,
  backoff: { baseMillis: options.backoffMillis ?? 1_000, capMillis: 30_000, jitter: "none" },
  bucketMillis: Math.max(50, options.durationMillis / 240),
  fault: { fromMillis: 0, untilMillis: options.durationMillis },
  world: {
    arrivals: options.arrivals,
    service: { latency: { _tag: "Constant", meanMillis: 2 }, servers: null, queue: 0, failureMillis: 0 },
    faults: options.faults
  }
})

/** One caller who calls again as soon as it has its answer. */
export const sequential: Arrivals = { _tag: "ClosedLoop", callers: 1, thinkMillis: 0 }

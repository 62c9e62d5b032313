/** Many runs, on several threads, in a fixed order; what is done when it is interrupted is kept. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type { Design } from "../Design.ts"
import type { RunResult } from "../Run.ts"
import type { Scenario } from "../Scenario.ts"
import type { Job } from "../WorkerProtocol.ts"
import * as WorkerPool from "../WorkerPool.ts"
import * as Progress from "./Progress.ts"

export interface Plan {
  /** The module that exports the `catalogue`. */
  readonly catalogue: string
  readonly jobs: ReadonlyArray<Job>
  readonly threads: number
}

/** The results in the order of the jobs; `undefined` for what was not done. */
export interface Sweep {
  readonly jobs: ReadonlyArray<Job>
  readonly results: ReadonlyArray<RunResult | undefined>
}

export const done = ({ results }: Sweep): ReadonlyArray<RunResult> => results.filter((result) => result !== undefined)

export const isPartial = ({ results }: Sweep): boolean => results.includes(undefined)

export const seeds = (first: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => first + index)

/** By scenario, then design, then seed. */
export const every = (
  scenarios: ReadonlyArray<Scenario>,
  designs: ReadonlyArray<Design>,
  seeds: ReadonlyArray<number>,
  series: boolean
): ReadonlyArray<Job> =>
  scenarios.flatMap((scenario) =>
    designs.flatMap((design) => seeds.map((seed) => ({ scenario, design: design.name, seed, series })))
  )

/** Runs the plan and hands over the results; also, and then only what is done, when it is interrupted. */
export const run = <E extends { readonly message: string }, R>(
  plan: Plan,
  conclude: (sweep: Sweep) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | WorkerPool.SimulationFailed, R> => {
  const { jobs } = plan
  const shares = jobs.map(() => 0)
  const results: Array<RunResult | undefined> = jobs.map(() => undefined)
  const sweep: Sweep = { jobs, results }
  const told = (): string => `${done(sweep).length} of ${jobs.length} runs`
  const progress = (): Progress.Progress => ({
    share: shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length),
    done: told()
  })
  const simulated = Progress.show(progress).pipe(
    Effect.zipRight(
      WorkerPool.simulate({
        catalogue: plan.catalogue,
        jobs,
        threads: plan.threads,
        onProgress: (job, share) => (shares[job] = share),
        onResult: (job, result) => {
          shares[job] = 1
          results[job] = result
        }
      })
    ),
    Effect.scoped
  )
  const interrupted = Effect.suspend(() =>
    Effect.zipRight(
      Console.error(`Stopped after ${told()}: the results are partial.`),
      Effect.catchAll(conclude(sweep), ({ message }) => Console.error(message))
    )
  )
  return Effect.zipRight(
    Effect.onInterrupt(simulated, () => interrupted),
    Effect.suspend(() => conclude(sweep))
  )
}

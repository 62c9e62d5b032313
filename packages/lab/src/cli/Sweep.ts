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
  readonly scenarios: ReadonlyArray<Scenario>
  readonly designs: ReadonlyArray<Design>
  readonly seeds: ReadonlyArray<number>
  readonly threads: number
  /** Whether the results have a time series: of every run, of the first seed, or of none. */
  readonly series: "every" | "first" | "none"
}

/** The results by scenario, then design, then seed. It is partial where fewer than planned were done. */
export interface Sweep {
  readonly planned: number
  readonly results: ReadonlyArray<RunResult>
}

export const isPartial = ({ planned, results }: Sweep): boolean => results.length < planned

export const seeds = (first: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => first + index)

const jobs = ({ designs, scenarios, seeds, series }: Plan): ReadonlyArray<Job> =>
  scenarios.flatMap((scenario) =>
    designs.flatMap((design) =>
      seeds.map((seed, index) => ({
        scenario: scenario.name,
        design: design.name,
        seed,
        series: series === "every" || (series === "first" && index === 0)
      }))
    )
  )

/** Runs the plan and hands over the results; also, and then only what is done, when it is interrupted. */
export const run = <E extends { readonly message: string }, R>(
  plan: Plan,
  conclude: (sweep: Sweep) => Effect.Effect<void, E, R>
): Effect.Effect<void, E | WorkerPool.SimulationFailed, R> => {
  const planned = jobs(plan)
  const shares = planned.map(() => 0)
  const results: Array<RunResult | undefined> = planned.map(() => undefined)
  const sweep = (): Sweep => ({
    planned: planned.length,
    results: results.filter((result) => result !== undefined)
  })
  const progress = (): Progress.Progress => ({
    share: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    done: `${sweep().results.length} of ${planned.length} runs`
  })
  const simulated = Progress.show(progress).pipe(
    Effect.zipRight(
      WorkerPool.simulate({
        catalogue: plan.catalogue,
        jobs: planned,
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
      Console.error(`Stopped after ${sweep().results.length} of ${planned.length} runs: the results are partial.`),
      Effect.catchAll(conclude(sweep()), ({ message }) => Console.error(message))
    )
  )
  return Effect.zipRight(
    Effect.onInterrupt(simulated, () => interrupted),
    Effect.suspend(() => conclude(sweep()))
  )
}

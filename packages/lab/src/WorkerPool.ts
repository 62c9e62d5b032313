/** Simulates jobs on several threads. Which thread ran a job, and when, has no part in its result. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Worker } from "node:worker_threads"
import type { RunResult } from "./Run.ts"
import type { Job, Message, Setup } from "./WorkerProtocol.ts"

/** A simulation threw, or its thread died. */
export class SimulationFailed extends Data.TaggedError("SimulationFailed")<{ readonly message: string }> {}

export interface Options {
  /** The module that exports the `catalogue`. */
  readonly catalogue: string
  readonly jobs: ReadonlyArray<Job>
  readonly threads: number
  /** The part of one job that is done, in [0, 1]. */
  readonly onProgress: (job: number, share: number) => void
  readonly onResult: (job: number, result: RunResult) => void
}

export const simulate = (options: Options): Effect.Effect<void, SimulationFailed> => {
  const { jobs, threads } = options
  let next = 0
  const thread = Effect.gen(function* () {
    const ask = yield* open({ catalogue: options.catalogue })
    for (let index = next++; ; index = next++) {
      const job = jobs[index]
      if (job === undefined) return
      const result = yield* ask(job, (share) => options.onProgress(index, share))
      options.onResult(index, result)
    }
  })
  return Effect.forEach(Array.from({ length: Math.min(threads, jobs.length) }), () => Effect.scoped(thread), {
    concurrency: "unbounded",
    discard: true
  })
}

type Ask = (job: Job, onProgress: (share: number) => void) => Effect.Effect<RunResult, SimulationFailed>

/** A simulation does not yield: a thread that is not needed any more is terminated, not asked to end. */
const open = (setup: Setup): Effect.Effect<Ask, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => new Worker(new URL("./WorkerThread.ts", import.meta.url), { workerData: setup })),
    (worker) => Effect.promise(() => worker.terminate())
  ).pipe(
    Effect.map(
      (worker): Ask =>
        (job, onProgress) =>
          Effect.async((resume) => {
            const settle = (exit: Effect.Effect<RunResult, SimulationFailed>): void => {
              worker.off("message", hear).off("error", fail)
              resume(exit)
            }
            const fail = (error: Error): void =>
              settle(new SimulationFailed({ message: `a worker died: ${error.stack ?? error.message}` }))
            const hear = (message: Message): void => {
              switch (message._tag) {
                case "Progress":
                  return onProgress(message.share)
                case "Done":
                  return settle(Effect.succeed(message.result))
                case "Failed":
                  return settle(new SimulationFailed({ message: message.message }))
              }
            }
            worker.on("message", hear).on("error", fail)
            worker.postMessage(job)
          })
    )
  )

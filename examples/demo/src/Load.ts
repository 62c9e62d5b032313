/** Open-loop load: calls arrive at their time, whether or not earlier ones have ended, and at the same times for all designs. */
import { Cause, Effect, Exit, FiberSet, Option, Random, Ref } from "effect"
import { type AttemptError, Dependency } from "./Dependency.ts"
import type { Design } from "./Design.ts"
import type { Attempt, Journal } from "./Journal.ts"
import { callsPerSecond } from "./Settings.ts"

/** Poisson arrivals, in milliseconds since the run began. */
export const arrivals = (seed: number, duration: number): Effect.Effect<ReadonlyArray<number>> =>
  Effect.gen(function* () {
    const times: Array<number> = []
    for (let at = yield* gap; at < duration; at += yield* gap) times.push(at)
    return times
  }).pipe(Effect.withRandom(Random.make(`${seed}/arrivals`)))

const gap = Effect.map(Random.next, (draw) => (-Math.log(1 - draw) * 1000) / callsPerSecond)

/** Sends every call through every design and ends when each has its result. */
export const send = (options: {
  readonly arrivals: ReadonlyArray<number>
  readonly designs: ReadonlyArray<Design>
  readonly journal: Journal
  readonly seed: number
}): Effect.Effect<void, never, Dependency> =>
  Effect.gen(function* () {
    const { designs, journal, seed } = options
    const dependency = yield* Dependency
    const calls = yield* FiberSet.make()

    const attempt = (design: Design, call: number, number: Ref.Ref<number>) =>
      Effect.gen(function* () {
        const id = { design: design.id, call, attempt: yield* Ref.getAndUpdate(number, (n) => n + 1) }
        const from = yield* journal.elapsed
        return yield* dependency
          .request(id)
          .pipe(
            Effect.onExit((exit) =>
              Effect.flatMap(journal.elapsed, (to) =>
                journal.record({ _tag: "Attempt", ...id, from, to, outcome: outcome(exit) })
              )
            )
          )
      })

    const call = (design: Design, index: number) =>
      Effect.gen(function* () {
        const from = yield* journal.elapsed
        const outcome = yield* design.call(attempt(design, index, yield* Ref.make(0)))
        const to = yield* journal.elapsed
        yield* journal.record({ _tag: "Call", design: design.id, call: index, from, to, outcome })
      }).pipe(
        // Every design draws the same backoff jitter for the same call.
        Effect.withRandom(Random.make(`${seed}/${index}/backoff`))
      )

    yield* Effect.forEach(
      options.arrivals,
      (at, index) =>
        journal.elapsed.pipe(
          Effect.flatMap((now) => Effect.sleep(at - now)),
          Effect.zipRight(Effect.forEach(designs, (design) => FiberSet.run(calls, call(design, index))))
        ),
      { discard: true }
    )
    yield* FiberSet.awaitEmpty(calls)
  }).pipe(Effect.scoped)

const outcome = (exit: Exit.Exit<void, AttemptError>): Attempt["outcome"] =>
  Exit.match(exit, {
    onSuccess: () => "Answered",
    onFailure: (cause) =>
      Option.match(Cause.failureOption(cause), { onNone: () => "CutShort", onSome: ({ _tag }) => _tag })
  })

/** One run: the same calls through three designs, against one timeline of faults. */
import { Effect, Schedule, Stream } from "effect"
import * as Design from "./Design.ts"
import * as Journal from "./Journal.ts"
import * as Load from "./Load.ts"
import type { Receipt } from "./Protocol.ts"
import { end, type Timeline } from "./Scenario.ts"
import { Server } from "./Server.ts"
import { samplePeriod } from "./Settings.ts"
import * as Stopwatch from "./Stopwatch.ts"

export interface Plan {
  readonly scenario: string
  readonly seed: number
  readonly timeline: Timeline
}

/** What is known once a run is over: the plan, what the client saw and what reached the server. */
export interface Recording extends Plan {
  readonly arrivals: ReadonlyArray<number>
  readonly traces: Journal.Traces
  readonly receipts: ReadonlyArray<Receipt>
}

/** `watch` runs beside the load, and is stopped when the last call has ended. */
export const run = <E, R>(plan: Plan, watch: (journal: Journal.Journal) => Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const { seed, timeline } = plan
    const server = yield* Server
    const designs = yield* Design.all(seed)
    const arrivals = yield* Load.arrivals(seed, end(timeline))

    yield* server.begin(timeline, seed)
    const journal = yield* Journal.make(yield* Stopwatch.start)
    yield* Effect.forEach(designs, (design) => observe(design, journal), { discard: true })
    yield* Effect.raceFirst(
      Load.send({ arrivals, designs, journal, seed }),
      Effect.zipRight(watch(journal), Effect.never)
    )
    const recording: Recording = {
      ...plan,
      arrivals,
      traces: yield* journal.traces,
      receipts: yield* server.receipts
    }
    return recording
  }).pipe(Effect.scoped)

/** Copies a design's transitions and scores into the journal, in the background. */
const observe = (design: Design.Design, journal: Journal.Journal) =>
  Effect.gen(function* () {
    yield* design.transitions.pipe(
      Stream.runForEach(({ to }) =>
        Effect.flatMap(journal.elapsed, (at) => journal.record({ _tag: "Transition", design: design.id, at, to }))
      ),
      Effect.forkScoped
    )
    yield* Effect.zipWith(design.score, journal.elapsed, (score, at) => ({ at, score })).pipe(
      Effect.flatMap(({ at, score }) => journal.record({ _tag: "Score", design: design.id, at, score })),
      Effect.schedule(Schedule.fixed(samplePeriod)),
      Effect.forkScoped
    )
  })

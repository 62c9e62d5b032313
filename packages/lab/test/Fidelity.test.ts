/** Law 14: the same scenario gives the same transitions in the simulator and in the Effect 3 services. */
import {
  Circuit,
  CircuitPolicy,
  CircuitSnapshot,
  HealthModel,
  type Outcome,
  RetryBudget,
  type SlowStart
} from "@truce/core"
import { CircuitBreaker, Classifier, EventLog, Truce } from "@truce/effect3"
import { Clock, Data, Effect, Fiber, TestClock, TestContext } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as ArrivalProcess from "../src/ArrivalProcess.ts"
import * as Dependency from "../src/Dependency.ts"
import * as Guarded from "../src/designs/Guarded.ts"
import * as Random from "../src/Random.ts"
import { run } from "../src/Run.ts"
import type { Scenario } from "../src/Scenario.ts"
import * as World from "../src/World.ts"
import * as HandClock from "./HandClock.ts"

interface Case {
  readonly scenario: Scenario
  readonly model: HealthModel.HealthModel<HealthModel.Opaque>
  readonly circuit: {
    readonly permits: number
    readonly openMillis: number
    readonly closeAt: number
    readonly slowStart: false | SlowStart.SlowStart
  }
  readonly seed: number
}

interface Change {
  readonly at: number
  readonly from: string
  readonly to: string
  readonly score: number
}

const rounded = ({ at, from, score, to }: Change): Change => ({ at, from, to, score: Number(score.toFixed(9)) })

/** An attempt that a slow start did not admit. */
const refused = (at: number): Change => ({ at, from: "SlowStart", to: "rejected", score: 0 })

/** What the simulator does. */
const simulated = ({ circuit, model, scenario, seed }: Case): ReadonlyArray<Change> => {
  const policy = CircuitPolicy.make(model, { ...circuit, openJitter: 0 })
  const make = Guarded.shipped({ policy, budget: RetryBudget.saturation() })
  const design = { name: "truce", title: "Truce", description: "", group: "truce", make } as const
  const { trace = [] } = run(scenario, design, { seed, trace: 1_000_000 })
  return trace.flatMap((event) => {
    if (event._tag === "Transitioned") return [rounded(event)]
    return event._tag === "Rejected" && event.status === "Closed" ? [refused(event.at)] : []
  })
}

class Failed extends Data.TaggedError("Failed")<{ readonly outcome: Outcome.Outcome }> {}

/** Reads what the world said. */
const classify = Classifier.make<Failed>(() => true, { outcome: (error) => error.outcome })

/** How the time of the services goes on. */
interface Moving {
  readonly moveTo: (millis: number) => Effect.Effect<void>
  readonly toTheEnd: Effect.Effect<void>
}

/** What the services do, attempt for attempt on the same world. */
const served = ({ circuit, model, scenario, seed }: Case, time: Moving): Effect.Effect<ReadonlyArray<Change>> =>
  Effect.suspend(() => {
    const slowAfterMillis = scenario.slowAfterMillis ?? scenario.timeoutMillis / 2
    const world = { timeoutMillis: scenario.timeoutMillis, slowAfterMillis }
    const dependency = Dependency.make(scenario.world, world, seed)
    const arrival = ArrivalProcess.make(scenario.world, seed)
    const call = (id: number) => {
      let attempts = 0
      const attempt = Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const { afterMillis, outcome } = dependency.send(id, ++attempts, 0, now)
        const answer = outcome._tag === "Success" ? Effect.void : Effect.fail(new Failed({ outcome }))
        return Effect.delay(answer, afterMillis)
      })
      return Effect.exit(Truce.protect(attempt, { key: "service", classify, slowAfter: slowAfterMillis }))
    }
    const { openMillis, slowStart, ...rest } = circuit
    const ramped = slowStart && {
      within: slowStart.withinMillis,
      rampFor: slowStart.rampMillis,
      maxRampFor: slowStart.maxRampMillis,
      initialShare: slowStart.initialShare
    }
    // The services draw the seeds of their circuits; a restored one has its own.
    const policy = CircuitPolicy.make(model, circuit)
    const pristine = Circuit.make(policy, Random.integer(seed, "circuit", 0))
    const snapshot = { version: 1, circuits: { service: CircuitSnapshot.take(policy, pristine, 0) } }
    const layer = Truce.layer({
      model,
      circuit: { ...rest, openFor: openMillis, openJitter: 0, slowStart: ramped },
      retry: { jitter: "none", attempts: scenario.attempts }
    })
    return Effect.gen(function* () {
      const changes: Array<Change> = []
      yield* Effect.orDie(CircuitBreaker.restore(snapshot))
      yield* EventLog.subscribe((event) => {
        if (event._tag === "Transitioned") changes.push(rounded(event))
        else if (event._tag === "Rejected" && event.state === "SlowStart") changes.push(refused(event.at))
      })
      const fibers: Array<Fiber.RuntimeFiber<unknown>> = []
      for (let id = 0, at = arrival(); at < scenario.durationMillis; id++, at = arrival()) {
        yield* time.moveTo(at)
        fibers.push(yield* Effect.fork(call(id)))
      }
      yield* time.toTheEnd
      yield* Fiber.joinAll(fibers)
      return changes
    }).pipe(Effect.scoped, Effect.provide(layer))
  })

const models: fc.Arbitrary<HealthModel.HealthModel<HealthModel.Opaque>> = fc.oneof(
  fc.constant(HealthModel.opaque(HealthModel.ledger())),
  fc.constant(HealthModel.opaque(HealthModel.ledger({ minFailures: 3, guardMillis: 0 }))),
  fc.integer({ min: 2, max: 6 }).map((failures) => HealthModel.opaque(HealthModel.consecutive({ failures }))),
  fc.constant(HealthModel.opaque(HealthModel.countWindow({ size: 20, min: 10 }))),
  fc.constant(HealthModel.opaque(HealthModel.timeWindow({ windowMillis: 1_000, min: 5 }))),
  fc.constant(HealthModel.opaque(HealthModel.ewma({ windowMillis: 1_000 }))),
  fc.constant(HealthModel.opaque(HealthModel.cusum())),
  fc.constant(HealthModel.opaque(HealthModel.beta({ prior: 4 })))
)

// Arrivals are at 10 ms and every 20 ms after; 3 and 7 ms and their sums fall between them, so that no two events are at one instant:
// who of two comes first at one instant is nobody's promise.
const cases: fc.Arbitrary<Case> = fc
  .record({
    model: models,
    seed: fc.integer({ min: 1, max: 1_000_000 }),
    step: fc.constantFrom(3, 7),
    perSecond: fc.constantFrom(5, 10, 25, 50),
    attempts: fc.integer({ min: 1, max: 3 }),
    permits: fc.integer({ min: 1, max: 3 }),
    openMillis: fc.constantFrom(500, 1_000),
    closeAt: fc.constantFrom(0.5, 0.8),
    slowStart: fc.constantFrom<false | SlowStart.SlowStart>(
      false,
      { withinMillis: 5_000, rampMillis: 1_000, maxRampMillis: 4_000, initialShare: 0.1 },
      { withinMillis: 5_000, rampMillis: 2_000, maxRampMillis: 2_000, initialShare: 0.4 }
    ),
    fault: fc.oneof(
      fc.double({ min: 0.1, max: 0.95, noNaN: true }).map((share) => World.brownout(share, 1_000, 4_000)),
      fc.constant(World.outage(1_000, 4_000)),
      fc.constant(World.blackhole(1_000, 3_000)),
      fc.constant(World.poison(0.5, 1_000, 4_000)),
      fc.constant(World.flapping(700, 900, 1_000, 5_000)),
      fc.constant(World.latencySpike(20, 1_000, 3_000))
    )
  })
  .map(({ attempts, fault, model, closeAt, openMillis, permits, perSecond, seed, slowStart, step }) => ({
    model,
    seed,
    circuit: { permits, openMillis, closeAt, slowStart },
    scenario: {
      name: "random",
      title: "random",
      description: "random",
      durationMillis: 6_000,
      timeoutMillis: 200 + step,
      attempts,
      backoff: { jitter: "none" },
      fault: { fromMillis: 1_000, untilMillis: 4_000 },
      world: {
        arrivals: { _tag: "Constant", perSecond },
        service: { latency: { _tag: "Constant", meanMillis: step }, servers: null, queue: 0, failureMillis: step },
        faults: fault
      }
    }
  }))

const byHand = (one: Case) =>
  Effect.suspend(() => {
    const clock = HandClock.make()
    return Effect.withClock(served(one, clock), clock)
  })

/** The same under Effect's own clock for tests, which waits for real time at each step. */
const underTestClock = (one: Case) =>
  Effect.provide(
    served(one, { moveTo: TestClock.setTime, toTheEnd: TestClock.adjust("1 minute") }),
    TestContext.TestContext
  )

const agree = (count: number, serve: (one: Case) => Effect.Effect<ReadonlyArray<Change>>) => async () => {
  let changes = 0
  let ramped = 0
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const expected = simulated(one)
      changes += expected.filter(({ from }) => from !== "SlowStart").length
      ramped += expected.some(({ from }) => from === "SlowStart") ? 1 : 0
      expect(await Effect.runPromise(serve(one))).toEqual(expected)
    }),
    { numRuns: count, seed: 20_260_101 }
  )
  // A scenario in which nothing opens shows little.
  expect(changes).toBeGreaterThan(2 * count)
  if (count >= 100) expect(ramped).toBeGreaterThan(count / 20)
}

describe("law 14: the simulator and the Effect 3 services make the same transitions, at the same times, with the same scores", () => {
  it("in 200 random scenarios", agree(200, byHand))
  it("in 3 of them under TestClock", agree(3, underTestClock))
})

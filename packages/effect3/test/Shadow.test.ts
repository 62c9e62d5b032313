import { describe, expect, it } from "@effect/vitest"
import { CircuitBreaker, EventLog, HealthModel, HealthScore, Outcome, Policy, Shadow } from "@truce/effect3"
import { Effect, Fiber, Layer, Schema, TestClock, TestContext } from "effect"
import fc from "fast-check"
import { answering, attempt, failing, key, on, settled, steady, trip } from "./support.ts"

const lenient = { model: HealthModel.consecutive({ failures: 6 }) }
const strict = {
  model: HealthModel.consecutive({ failures: 2 }),
  circuit: { openJitter: 0, openFor: "1 second" }
} as const

const first = Effect.map(Shadow.report, ({ keys }) => keys[0])

describe("Shadow", () => {
  const beside = on(() => Layer.provideMerge(Layer.orDie(Shadow.layer(strict)), steady(lenient)))

  beside("says what it would have spared and what it would have lost, and decides nothing", () =>
    Effect.gen(function* () {
      for (const self of [failing, failing, failing, answering]) yield* attempt(self)
      expect((yield* CircuitBreaker.state(key)).status).toBe("Closed")
      expect(yield* first).toMatchObject({
        key,
        attempts: 4,
        admitted: 2,
        spared: 1,
        lost: 1,
        untried: 0,
        openings: 1,
        openingsInForce: 0,
        status: "Open"
      })
    })
  )

  beside("probes and closes by its own rules", () =>
    Effect.gen(function* () {
      for (const self of [failing, failing]) yield* attempt(self)
      yield* TestClock.adjust("1 second")
      yield* attempt(answering)
      expect(yield* first).toMatchObject({ status: "HalfOpen", openMillis: 1_000 })
      yield* attempt(answering)
      expect(yield* first).toMatchObject({ status: "Closed", admitted: 4, openMillis: 1_000 })
    })
  )

  beside("judges an attempt by the state it was admitted in, as the real one would", () =>
    Effect.gen(function* () {
      const slow = yield* Effect.fork(attempt(Effect.delay(failing, "1 second")))
      yield* settled
      for (const self of [failing, failing]) yield* attempt(self)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(slow)
      expect(yield* first).toMatchObject({ status: "Open", admitted: 3, openings: 1 })
    })
  )

  beside("keeps one probe for itself: another call beside it would have been rejected", () =>
    Effect.gen(function* () {
      for (const self of [failing, failing]) yield* attempt(self)
      yield* TestClock.adjust("1 second")
      const probe = yield* Effect.fork(attempt(Effect.delay(answering, "1 second")))
      yield* settled
      yield* attempt(answering)
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(probe)
      expect(yield* first).toMatchObject({ admitted: 3, lost: 1, status: "HalfOpen" })
    })
  )

  it.scoped("what the policy in force rejects is untried, not guessed", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* attempt(answering)
      yield* attempt(answering)
      expect(yield* first).toMatchObject({ attempts: 2, admitted: 2, untried: 2, openings: 0, openingsInForce: 1 })
    }).pipe(
      Effect.provide(
        Layer.provideMerge(Shadow.layer(lenient), steady({ model: HealthModel.consecutive({ failures: 2 }) }))
      )
    )
  )

  beside("hears outside evidence, and is told nothing by an operator", () =>
    Effect.gen(function* () {
      yield* HealthScore.record(key, Outcome.failure())
      yield* HealthScore.record(key, Outcome.failure())
      expect(yield* first).toMatchObject({ status: "Open" })
      yield* CircuitBreaker.isolate("other", "maintenance")
      const { keys } = yield* Shadow.report
      expect(keys.find((one) => one.key === "other")).toMatchObject({ status: "Closed" })
    })
  )

  beside("reports as a table", () =>
    Effect.gen(function* () {
      for (const self of [failing, failing, failing, answering]) yield* attempt(self)
      yield* attempt(answering, "billing")
      yield* TestClock.adjust("500 millis")
      const { text } = yield* Shadow.report
      expect(text.split("\n")).toEqual([
        "2 of 5 attempts rejected: 1 failure spared, 1 answer lost; opened once, in force never",
        "",
        "key        attempts  rejected  spared  lost  untried  opened  in force  open for",
        "users-api         4         2       1     1        0       1         0    500 ms",
        "billing           1         0       0     0        0       0         0      0 ms"
      ])
    })
  )

  it.scoped("several shadows run side by side, each with overrides of its own", () =>
    Effect.gen(function* () {
      const one = yield* Shadow.make(strict)
      const two = yield* Shadow.make({
        ...lenient,
        overrides: { "users-*": { model: strict.model } }
      })
      yield* Effect.forEach([failing, failing], (self) => attempt(self))
      yield* Effect.forEach([failing, failing], (self) => attempt(self, "billing"))
      const openings = (shadow: Shadow.Service) =>
        Effect.map(shadow.report, ({ keys }) => keys.map((report) => [report.key, report.openings]))
      expect(yield* openings(one)).toEqual([
        ["users-api", 1],
        ["billing", 1]
      ])
      expect(yield* openings(two)).toEqual([
        ["users-api", 1],
        ["billing", 0]
      ])
    }).pipe(Effect.provide(steady(lenient)))
  )

  it.scoped("keeps no more keys than it may, and says what it did not watch", () =>
    Effect.gen(function* () {
      const shadow = yield* Shadow.make({ maxKeys: 2 })
      for (let n = 0; n < 5; n++) yield* attempt(answering, `key-${n}`)
      const { keys, unwatched } = yield* shadow.report
      expect([keys.length, unwatched]).toEqual([2, 6])
    }).pipe(Effect.provide(steady()))
  )

  it.scoped("an impossible policy is a typed error", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Shadow.make({ circuit: { permits: 0 } }))
      expect(error.message).toBe("circuit.permits: must be a whole number of at least 1, got 0")
      const policy = yield* Policy.decode({ circuit: { permits: 2 } })
      yield* Shadow.make(Policy.toOptions(policy))
    }).pipe(Effect.provide(steady()))
  )

  const steps = fc.array(fc.constantFrom("F", "F", "F", "S", "300", "2000"), { maxLength: 60 })

  it("law 11: the policy in force, replayed from the record, does what it did", () => {
    const replayed = (history: ReadonlyArray<string>, failures: number) =>
      Effect.gen(function* () {
        const options = { model: HealthModel.consecutive({ failures }), circuit: { openJitter: 0 } }
        const { events, inForce } = yield* Effect.gen(function* () {
          const events: Array<EventLog.Event> = []
          yield* EventLog.subscribe((event) => events.push(event))
          for (const step of history) {
            if (step === "F" || step === "S") yield* attempt(step === "F" ? failing : answering)
            else yield* TestClock.adjust(Number(step))
          }
          return { events, inForce: yield* CircuitBreaker.state(key) }
        }).pipe(Effect.scoped, Effect.provide(steady(options)))
        const recorded = JSON.stringify(yield* Schema.encode(Schema.Array(EventLog.Event))(events))
        const read = yield* Schema.decodeUnknown(Schema.Array(EventLog.Event))(JSON.parse(recorded))
        const [report] = Shadow.replay(read, options).keys
        if (report === undefined) {
          expect(events).toEqual([])
          return
        }
        expect([report.status, report.openings, report.untried, report.spared, report.lost]).toEqual([
          inForce.status,
          report.openingsInForce,
          0,
          0,
          0
        ])
      })
    return fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), (history, failures) =>
        Effect.runPromise(Effect.provide(replayed(history, failures), TestContext.TestContext))
      )
    )
  })
})

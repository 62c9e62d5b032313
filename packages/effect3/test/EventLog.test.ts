import { describe, expect, it } from "@effect/vitest"
import {
  CircuitBreaker,
  EventLog,
  HealthModel,
  HealthScore,
  Outcome,
  RetryBudget,
  Transaction,
  Truce
} from "@truce/effect3"
import { Effect, Exit, Fiber, Logger, Runtime, Schema, Scope, Stream, TestClock } from "effect"
import {
  type ApiError,
  Throttled,
  answering,
  classify,
  failing,
  key,
  missing,
  on,
  scripted,
  steady
} from "./support.ts"

const recorded = Effect.gen(function* () {
  const events: Array<EventLog.Event> = []
  yield* EventLog.subscribe((event) => events.push(event))
  return events
})

const tags = (events: ReadonlyArray<EventLog.Event>) => events.map((event) => event._tag)

const calls = (events: ReadonlyArray<EventLog.Event>) =>
  events.flatMap((event) => (event._tag === "Called" ? [[event.result, event.reason, event.attempts]] : []))

/** From here on the key's circuit is transactional state. */
const composed = Effect.flatMap(Transaction.now, (now) => Transaction.commit(Transaction.admit([key], now)))

const protect = Truce.protect({ key, classify })

describe("EventLog", () => {
  const fragile = on(() => steady({ model: HealthModel.consecutive({ failures: 2 }), retry: { base: "10 millis" } }))

  fragile("a call is told of in order, cause before effect, each attempt once", () =>
    Effect.gen(function* () {
      const events = yield* recorded
      const dependency = scripted(failing, failing, answering)
      const fiber = yield* Effect.fork(Effect.exit(protect(dependency.effect)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.await(fiber)
      expect(tags(events)).toEqual(["Admitted", "Settled", "Admitted", "Retried", "Settled", "Transitioned", "Called"])
      expect(events[1]).toMatchObject({ attempt: 1, failedBefore: 0, error: "Timeout", outcome: { _tag: "Failure" } })
      expect(events[3]).toMatchObject({ cost: 1, tokens: 9 })
      expect(events[4]).toMatchObject({ attempt: 2, failedBefore: 1 })
      expect(events[5]).toMatchObject({ from: "Closed", to: "Open" })
      expect(calls(events)).toEqual([["exhausted", "circuit-open", 2]])
    })
  )

  fragile("a rejected call is told of with no attempts", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "maintenance")
      const events = yield* recorded
      yield* Effect.exit(protect(answering))
      expect(events).toMatchObject([
        { _tag: "Rejected", state: "Isolated", until: Infinity },
        { _tag: "Called", result: "rejected", attempts: 0 }
      ])
    })
  )

  fragile("each way a call can end has its own result", () =>
    Effect.gen(function* () {
      const events = yield* recorded
      yield* protect(answering)
      yield* Effect.exit(protect(missing))
      yield* Effect.exit(protect(Effect.dieMessage("bug")))
      const hanging = yield* Effect.fork(protect(Effect.never))
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(hanging)
      expect(calls(events)).toEqual([
        ["success", undefined, 1],
        ["permanent", undefined, 1],
        ["defect", undefined, 1],
        ["interrupted", undefined, 1]
      ])
      expect(events.filter((event) => event._tag === "Admitted")).toHaveLength(4)
      expect(events.filter((event) => event._tag === "Settled")).toHaveLength(4)
    })
  )

  fragile("an attempt under several circuits is told of by key", () =>
    Effect.gen(function* () {
      const events = yield* recorded
      yield* CircuitBreaker.executeAll(answering, { keys: ["host-1", "tenant-7"], classify })
      yield* CircuitBreaker.isolate("tenant-7", "unpaid")
      yield* Effect.exit(CircuitBreaker.executeAll(answering, { keys: ["host-1", "tenant-7"], classify }))
      expect(events.map((event) => [event._tag, event.key])).toEqual([
        ["Admitted", "host-1"],
        ["Admitted", "tenant-7"],
        ["Settled", "host-1"],
        ["Settled", "tenant-7"],
        ["Transitioned", "tenant-7"],
        ["Rejected", "tenant-7"]
      ])
    })
  )

  fragile("manual control is told of with its reason, and outside evidence with its outcome", () =>
    Effect.gen(function* () {
      const events = yield* recorded
      yield* CircuitBreaker.disable(key, "drill")
      yield* HealthScore.record(key, Outcome.failure())
      expect(events).toMatchObject([
        { _tag: "Transitioned", mode: "Disabled", reason: "drill" },
        { _tag: "Observed", outcome: { _tag: "Failure" } }
      ])
    })
  )

  fragile("an observer hears nothing before and after its scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* protect(answering)
      const events = yield* Scope.extend(recorded, scope)
      yield* protect(answering)
      yield* Scope.close(scope, Exit.void)
      yield* protect(answering)
      expect(tags(events)).toEqual(["Admitted", "Settled", "Called"])
    })
  )

  fragile("an observer that throws harms no call and no other observer, and is told of once", () =>
    Effect.gen(function* () {
      const logged: Array<unknown> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => logged.push(message))
      )
      yield* Effect.provide(
        EventLog.subscribe(() => {
          throw new Error("bug")
        }),
        logger
      )
      const events = yield* recorded
      expect(yield* protect(answering)).toBe("hello")
      expect(yield* protect(answering)).toBe("hello")
      yield* Effect.yieldNow()
      expect(tags(events)).toHaveLength(6)
      expect(logged).toHaveLength(1)
    })
  )

  fragile("a slow reader of the stream holds no call and loses the oldest", () =>
    Effect.gen(function* () {
      const ready = yield* Effect.makeLatch()
      const fiber = yield* EventLog.events.pipe(
        Stream.tap(() => ready.await),
        Stream.take(3),
        Stream.runCollect,
        Effect.fork
      )
      yield* Effect.yieldNow()
      yield* Effect.repeatN(protect(answering), 999)
      yield* ready.open
      const [first, second] = [...(yield* Fiber.join(fiber))]
      expect(first?._tag).toBe("Admitted")
      expect(second).toBeDefined()
    })
  )

  for (const [of, before] of [
    ["", Effect.void],
    [", of a key that was in a composed transaction too", composed]
  ] as const)
    fragile(
      `an observer may take control: its change comes after what it was told, in the same order for all, and nothing is lost${of}`,
      () =>
        Effect.gen(function* () {
          yield* before
          const runtime = yield* Effect.runtime<Truce.Services>()
          yield* EventLog.subscribe((event) => {
            if (event._tag === "Transitioned" && event.to === "Open") {
              Runtime.runSync(runtime)(CircuitBreaker.isolate(event.key, "down for good"))
            }
          })
          const events = yield* recorded
          yield* Effect.exit(CircuitBreaker.execute(failing, { key, classify }))
          yield* Effect.exit(CircuitBreaker.execute(failing, { key, classify }))
          const changes = [
            { from: "Closed", to: "Open", generation: 1 },
            { from: "Open", to: "Isolated", generation: 2, reason: "down for good" }
          ]
          expect(events.filter((event) => event._tag === "Transitioned")).toMatchObject(changes)
          const { generation, score, status, transitions } = yield* CircuitBreaker.explain(key)
          expect(transitions).toMatchObject(changes)
          expect([status, generation, score]).toEqual(["Isolated", 2, 0])
          yield* CircuitBreaker.reset(key, "repaired")
          expect(yield* protect(answering)).toBe("hello")
          expect((yield* CircuitBreaker.state(key)).generation).toBe(3)
        })
    )

  fragile("an observer may take control at every event, with one call of the breaker after the other", () =>
    Effect.gen(function* () {
      const runtime = yield* Effect.runtime<Truce.Services>()
      const events = yield* recorded
      let turns = 4
      yield* EventLog.subscribe(({ key }) => {
        if (turns-- <= 0) return
        const change = turns % 2 === 0 ? CircuitBreaker.observe : CircuitBreaker.disable
        Runtime.runSync(runtime)(change(key, String(turns)))
      })
      yield* protect(answering)
      const generations = events.flatMap((event) => (event._tag === "Transitioned" ? [event.generation] : []))
      expect(generations).toEqual([1, 2, 3, 4])
      expect((yield* CircuitBreaker.state(key)).mode).toMatchObject({ _tag: "Observing", reason: "0" })
    })
  )

  it.effect("every event survives JSON", () =>
    Effect.gen(function* () {
      const events = yield* Effect.gen(function* () {
        const told = yield* recorded
        const dependency = scripted(failing, answering)
        const fiber = yield* Effect.fork(Effect.exit(protect(dependency.effect)))
        yield* TestClock.adjust("1 second")
        yield* Fiber.await(fiber)
        yield* HealthScore.record(key, Outcome.failure({ retryAfterMillis: 5 }))
        yield* CircuitBreaker.isolate(key, "maintenance")
        yield* Effect.exit(protect(answering))
        return told
      }).pipe(Effect.scoped, Effect.provide(steady({ budget: RetryBudget.unlimited() })))
      expect(new Set(tags(events)).size).toBe(7)
      const json = JSON.stringify(yield* Schema.encode(Schema.Array(EventLog.Event))(events))
      expect(yield* Schema.decodeUnknown(Schema.Array(EventLog.Event))(JSON.parse(json))).toEqual(events)
    })
  )

  it.effect("a log recorded under Effect 3 is read here, and what is recorded here is the same text", () =>
    Effect.gen(function* () {
      const options = { budget: RetryBudget.unlimited(), model: HealthModel.consecutive({ failures: 3 }) }
      const events = yield* Effect.gen(function* () {
        const told = yield* recorded
        const throttled = Effect.fail(new Throttled({ after: "250 millis" }))
        const { effect } = scripted<string, ApiError, never>(failing, throttled, answering)
        const fiber = yield* Effect.fork(Truce.protect(effect, { key, classify, slowAfter: "1 second" }))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(fiber)
        yield* HealthScore.record(key, Outcome.failure({ retryAfterMillis: 5 }))
        yield* CircuitBreaker.isolate(key, "maintenance")
        yield* Effect.exit(protect(answering))
        return told
      }).pipe(Effect.scoped, Effect.provide(steady(options)))
      const told = yield* Effect.forEach(events, (event) => Schema.encode(EventLog.Event)(event))
      expect(told.map((event) => JSON.stringify(event))).toEqual(underEffect3)
      expect(told[3]).toMatchObject({ tokens: null })
      const read = yield* Effect.forEach(underEffect3, (line) => Schema.decodeUnknown(EventLog.Event)(JSON.parse(line)))
      expect(read).toEqual(events)
    })
  )
})

/** What `@truce/effect3` recorded of the same program. */
const underEffect3 = [
  '{"_tag":"Admitted","key":"users-api","at":0,"attempt":1,"generation":0,"probe":false}',
  '{"_tag":"Settled","key":"users-api","at":0,"attempt":1,"startedAt":0,"outcome":{"_tag":"Failure","weight":1,"saturated":false},"failedBefore":0,"error":"Timeout"}',
  '{"_tag":"Admitted","key":"users-api","at":100,"attempt":2,"generation":0,"probe":false}',
  '{"_tag":"Retried","key":"users-api","at":100,"cost":0,"tokens":null}',
  '{"_tag":"Settled","key":"users-api","at":100,"attempt":2,"startedAt":100,"outcome":{"_tag":"Failure","weight":0.35,"saturated":true,"retryAfterMillis":250},"failedBefore":1,"error":"Throttled"}',
  '{"_tag":"Admitted","key":"users-api","at":350,"attempt":3,"generation":0,"probe":false}',
  '{"_tag":"Retried","key":"users-api","at":350,"cost":0,"tokens":null}',
  '{"_tag":"Settled","key":"users-api","at":350,"attempt":3,"startedAt":350,"outcome":{"_tag":"Success","slow":false},"failedBefore":0}',
  '{"_tag":"Called","key":"users-api","at":350,"startedAt":0,"result":"success","attempts":3}',
  '{"_tag":"Observed","key":"users-api","at":1000,"outcome":{"_tag":"Failure","weight":1,"saturated":false,"retryAfterMillis":5}}',
  '{"_tag":"Transitioned","key":"users-api","at":1000,"from":"Closed","to":"Isolated","mode":"Isolated","reason":"maintenance","generation":1,"score":0.6666666666666667,"openings":0}',
  '{"_tag":"Rejected","key":"users-api","at":1000,"state":"Isolated","until":null,"score":0.6666666666666667,"generation":1}',
  '{"_tag":"Called","key":"users-api","at":1000,"startedAt":1000,"result":"rejected","attempts":0}'
]

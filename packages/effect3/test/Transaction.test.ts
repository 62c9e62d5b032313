import { Outcome } from "@truce/core"
import { CircuitBreaker, HealthScore, Transaction } from "@truce/effect3"
import { Effect, Exit, Fiber, Layer, STM, TRef, TestClock } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, failing, key, on, peek, scoreOf, settled, statusOf, trip, watching } from "./support.ts"

const it = on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provideMerge(HealthScore.layer())))

describe("a composed transaction", () => {
  it("admits under all of its keys", () =>
    Effect.gen(function* () {
      const admission = yield* admitted("host", "tenant")
      expect(admission).toMatchObject({
        _tag: "Admitted",
        permits: [
          { key: "host", generation: 0, probe: false },
          { key: "tenant", generation: 0, probe: false }
        ]
      })
    }))

  it("admits under none where one rejects: no probe of another is taken", () =>
    Effect.gen(function* () {
      yield* halfOpen("host")
      yield* CircuitBreaker.isolate("tenant", "unpaid")
      const admission = yield* admitted("host", "tenant")
      expect(admission).toMatchObject({ _tag: "Rejected", error: { key: "tenant", state: "Isolated" } })
      expect(yield* statusOf("host")).toBe("Open")
      expect(yield* admitted("host")).toMatchObject({ permits: [{ probe: true }] })
    }))

  it("takes one permit of a key that is named twice", () =>
    Effect.gen(function* () {
      yield* halfOpen("host")
      const admission = yield* admitted("host", "host")
      expect(admission).toMatchObject({ _tag: "Admitted", permits: [{ key: "host" }] })
      expect(yield* CircuitBreaker.state("host")).toMatchObject({ probes: 1 })
    }))

  it("changes a user's own state with it, or not at all", () =>
    Effect.gen(function* () {
      const running = yield* STM.commit(TRef.make(0))
      const counted = (now: number) =>
        STM.tap(Transaction.admit(["host", "tenant"], now), ({ _tag }) =>
          _tag === "Admitted" ? TRef.update(running, (n) => n + 1) : STM.void
        )
      yield* Transaction.commit(counted(yield* Transaction.now))
      yield* CircuitBreaker.isolate("tenant", "unpaid")
      yield* Transaction.commit(counted(yield* Transaction.now))
      expect(yield* STM.commit(TRef.get(running))).toBe(1)
    }))

  it("leaves nothing behind when it fails", () =>
    Effect.gen(function* () {
      yield* halfOpen()
      const seen = yield* watching(CircuitBreaker.transitions)
      const now = yield* Transaction.now
      const failed = STM.zipRight(Transaction.admit([key], now), STM.fail("my own reason"))
      expect(yield* Effect.flip(Transaction.commit(failed))).toBe("my own reason")
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", probes: 0, generation: 1 })
      expect(yield* seen).toEqual([])
    }))

  it("leaves nothing behind when it dies", () =>
    Effect.gen(function* () {
      yield* halfOpen()
      const now = yield* Transaction.now
      yield* Effect.exit(Transaction.commit(STM.zipRight(Transaction.admit([key], now), STM.die("boom"))))
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", probes: 0 })
    }))

  it("leaves nothing behind while it waits for a state of the user's, and is admitted once after", () =>
    Effect.gen(function* () {
      yield* halfOpen()
      const gate = yield* STM.commit(TRef.make(false))
      const now = yield* Transaction.now
      const gated = STM.zipRight(
        STM.flatMap(TRef.get(gate), (open) => (open ? STM.void : STM.retry)),
        Transaction.admit([key], now)
      )
      const fiber = yield* Effect.fork(Transaction.commit(gated))
      yield* settled
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", probes: 0 })
      yield* STM.commit(TRef.set(gate, true))
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "Admitted", permits: [{ probe: true }] })
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 1 })
    }))

  it("leaves nothing behind when it is interrupted while it waits", () =>
    Effect.gen(function* () {
      yield* halfOpen()
      const now = yield* Transaction.now
      const fiber = yield* Effect.fork(Transaction.commit(STM.zipRight(STM.retry, Transaction.admit([key], now))))
      yield* settled
      yield* Fiber.interrupt(fiber)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", probes: 0 })
    }))

  it("settles under all permits at once", () =>
    Effect.gen(function* () {
      yield* settling(Outcome.failure(), yield* admitted("host", "tenant"))
      expect(yield* scoreOf("host")).toBe(0.8)
      expect(yield* scoreOf("tenant")).toBe(0.8)
    }))

  it("waits for the circuit to open, and is woken by the attempt that opens it", () =>
    Effect.gen(function* () {
      const now = yield* Transaction.now
      const opened = STM.flatMap(Transaction.admit([key], now), ({ _tag }) =>
        _tag === "Rejected" ? STM.void : STM.retry
      )
      const waiting = yield* Effect.fork(STM.commit(opened))
      yield* Effect.repeatN(attempt(failing), 4)
      expect((yield* peek(waiting))._tag).toBe("None")
      yield* attempt(failing)
      expect((yield* peek(waiting))._tag).toBe("Some")
    }))

  it("changes nothing by a permit of another generation", () =>
    Effect.gen(function* () {
      const admission = yield* admitted("host", "tenant")
      yield* CircuitBreaker.reset("host", "new start")
      yield* settling(Outcome.failure(), admission)
      expect(yield* scoreOf("host")).toBe(1)
      expect(yield* scoreOf("tenant")).toBe(0.8)
    }))

  it("gives a probe's permit back for Outcome.ignored", () =>
    Effect.gen(function* () {
      yield* halfOpen()
      yield* settling(Outcome.ignored, yield* admitted(key))
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 0, score: 0 })
    }))
})

describe("an opening in a transaction", () => {
  it("is announced by Transaction.commit", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* Transaction.commit(yield* opening)
      expect((yield* seen).map(({ key, to }) => [key, to])).toEqual([[key, "Open"]])
    }))

  it("is announced after a plain STM.commit when the key is next used", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* STM.commit(yield* opening)
      expect(yield* seen).toEqual([])
      yield* attempt(answering)
      expect((yield* seen).map(({ key, to }) => [key, to])).toEqual([[key, "Open"]])
    }))

  it("is announced once, whatever comes after", () =>
    Effect.gen(function* () {
      const seen = yield* watching(CircuitBreaker.transitions)
      yield* STM.commit(yield* opening)
      yield* Transaction.commit(STM.void)
      yield* attempt(answering)
      yield* CircuitBreaker.states
      expect((yield* seen).length).toBe(1)
    }))

  it("wakes those who wait for the circuit", () =>
    Effect.gen(function* () {
      yield* halfOpen()
      const waiting = yield* Effect.fork(CircuitBreaker.awaitClosed(key))
      yield* settled
      for (const _ of [1, 2]) yield* settling(Outcome.success, yield* admitted(key))
      expect((yield* peek(waiting))._tag).toBe("Some")
    }))
})

describe("after a plain STM.commit no reader is told old news", () => {
  const readers: { readonly [name: string]: Effect.Effect<boolean, never, Services> } = {
    "an attempt": Effect.map(attempt(answering), Exit.isFailure),
    "an attempt under several circuits": Effect.map(admitted(key, "other"), ({ _tag }) => _tag === "Rejected"),
    state: Effect.map(statusOf(), (status) => status === "Open"),
    states: Effect.map(CircuitBreaker.states, (states) => states[0]?.status === "Open"),
    snapshot: Effect.map(CircuitBreaker.snapshot, ({ circuits }) => circuits[key]?.state._tag === "Open"),
    "the score": Effect.map(HealthScore.get(key), ({ score, openBelow }) => score < openBelow),
    explain: Effect.map(HealthScore.explain(key), ({ moves }) => moves.length === 5),
    awaitClosed: Effect.map(Effect.timeoutOption(CircuitBreaker.awaitClosed(key), 0), ({ _tag }) => _tag === "None")
  }
  for (const [name, told] of Object.entries(readers)) {
    it(name, () =>
      Effect.gen(function* () {
        yield* STM.commit(yield* opening)
        const fiber = yield* Effect.fork(told)
        yield* TestClock.adjust(0)
        expect(yield* Fiber.join(fiber)).toBe(true)
      })
    )
  }

  it("evidence of the fast path is kept by the transaction that follows it, and the other way round", () =>
    Effect.gen(function* () {
      const now = yield* Transaction.now
      for (let round = 0; round < 5; round++) {
        yield* attempt(answering)
        const admission = yield* Transaction.commit(Transaction.admit([key], now))
        if (admission._tag === "Admitted")
          yield* STM.commit(Transaction.settle(admission.permits, Outcome.failure(), now))
        yield* attempt(answering)
      }
      const { moves, strain } = yield* HealthScore.explain(key)
      expect(strain).toBe(5 / 20)
      expect(moves.map(({ outcome }) => outcome)).toEqual(["Success", "Failure", "Success", "Failure", "Success"])
    }))

  for (const [of, before] of [
    ["a key of its own", Effect.void],
    ["a key that was in a transaction", Effect.suspend(() => admitted(key))]
  ] as const) {
    it(`evidence from outside is added to what was counted before, of ${of}`, () =>
      Effect.gen(function* () {
        yield* before
        yield* Effect.repeatN(attempt(answering), 2)
        yield* HealthScore.record(key, Outcome.failure())
        expect(yield* HealthScore.get(key)).toMatchObject({ strain: 1 / 9 })
      }))
  }
})

type Services = CircuitBreaker.CircuitBreaker | HealthScore.HealthScore

const admitted = (...[first, ...rest]: readonly [string, ...ReadonlyArray<string>]) =>
  Effect.flatMap(Transaction.now, (now) => Transaction.commit(Transaction.admit([first, ...rest], now)))

const settling = (outcome: Outcome.Outcome, admission: Transaction.Admission) =>
  Effect.flatMap(Transaction.now, (now) =>
    Transaction.commit(Transaction.settle(admission._tag === "Admitted" ? admission.permits : [], outcome, now))
  )

/** The transaction that opens the circuit by a sixth failure. */
const opening = Effect.gen(function* () {
  yield* Effect.repeatN(attempt(failing), 4)
  const admission = yield* admitted(key)
  return Transaction.settle(
    admission._tag === "Admitted" ? admission.permits : [],
    Outcome.failure(),
    yield* Transaction.now
  )
})

const halfOpen = (of = key) => Effect.zipRight(trip(of), TestClock.adjust("500 millis"))

import { CircuitBreaker, Outcome, Transaction } from "@truce/effect3"
import { Effect, Fiber, STM, TRef } from "effect"
import { describe, expect } from "vitest"
import { hazardous } from "../platform/Hazards.ts"
import { Unsendable, answering, failing, key, on, settled, statusOf, steady } from "../support.ts"
import { admitsAtOnce, all, by, dependency, execute, exits, hops, numbers, probing, yielding } from "./support.ts"

const permits = 3
const it = by(() => steady({ circuit: { permits } }))

const parked = (gate: TRef.TRef<number>, past: number) =>
  STM.flatMap(TRef.get(gate), (value) => (value > past ? STM.void : STM.retry))

describe("transactions of the user's among fast attempts", () => {
  it("admit no more than there are permits, whether they commit, abort, throw, wait or wake", (clock) =>
    Effect.gen(function* () {
      const gate = yield* STM.commit(TRef.make(0))
      for (let round = 0; round < 60; round++) {
        const of = `key-${round}`
        yield* probing(clock, of)
        const next = numbers(round)
        let held = 0
        let most = 0
        const holding = (change: number) =>
          Effect.sync(() => {
            held += change
            most = Math.max(most, held)
          })
        const { effect } = dependency(Effect.zipRight(hops(5), Effect.fail(new Unsendable())))
        const fast = execute(
          Effect.acquireUseRelease(
            holding(1),
            () => effect,
            () => holding(-1)
          ),
          of
        )
        const composed = Effect.gen(function* () {
          const now = yield* Transaction.now
          const value = yield* STM.commit(TRef.get(gate))
          const transaction = hazardous(Transaction.admit([of], now), parked(gate, value), next)
          const admission = yield* Transaction.commit(transaction)
          if (admission._tag === "Rejected") return
          yield* holding(1)
          yield* hops(4)
          yield* holding(-1)
          yield* Transaction.commit(Transaction.settle(admission.permits, Outcome.ignored, yield* Transaction.now))
        })
        const fibers = yield* all(24, (index) =>
          Effect.exit(index % 2 === 0 ? Effect.asVoid(fast) : Effect.uninterruptible(composed))
        )
        for (let step = 0; step < 30; step++) {
          yield* hops(3)
          yield* STM.commit(TRef.update(gate, (value) => value + 1))
          const { probes } = yield* CircuitBreaker.state(of)
          expect(probes).toBeLessThanOrEqual(permits)
          expect(probes).toBeGreaterThanOrEqual(held)
        }
        yield* exits(fibers)
        expect(most).toBeLessThanOrEqual(permits)
        expect(most).toBeGreaterThan(0)
        expect(yield* CircuitBreaker.state(of)).toMatchObject({ status: "HalfOpen", probes: 0 })
        expect(yield* admitsAtOnce(of)).toBe(true)
      }
    }))

  it("leave a view that is never out of date, however they are committed", (clock) =>
    Effect.gen(function* () {
      for (let round = 0; round < 100; round++) {
        const of = `key-${round}`
        const next = numbers(round)
        yield* probing(clock, of)
        const open: Array<Transaction.Permit> = []
        for (let step = 0; step < 12; step++) {
          const now = yield* Transaction.now
          const kind = next()
          if (kind < 0.35) {
            const admission = yield* STM.commit(Transaction.admit([of], now))
            if (admission._tag === "Admitted") open.push(...admission.permits)
          } else if (kind < 0.5) {
            yield* Effect.exit(STM.commit(STM.zipRight(Transaction.admit([of], now), STM.fail("no"))))
          } else if (kind < 0.7) {
            yield* STM.commit(Transaction.settle(open.splice(0, 1), Outcome.ignored, now))
          } else if (kind < 0.85) yield* execute(Effect.fail(new Unsendable()), of)
          else yield* Effect.exit(Transaction.commit(STM.zipRight(Transaction.admit([of], now), STM.die("broken"))))
          const views = {
            state: (yield* CircuitBreaker.state(of)).probes,
            states: (yield* CircuitBreaker.states).find((state) => state.key === of)?.probes
          }
          expect(views).toEqual({ state: open.length, states: open.length })
        }
        yield* STM.commit(Transaction.settle(open, Outcome.ignored, yield* Transaction.now))
        expect((yield* CircuitBreaker.state(of)).probes).toBe(0)
      }
    }))

  it("are seen by the next fast attempt, though nobody announced them", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const now = yield* Transaction.now
      for (let index = 0; index < permits; index++) yield* STM.commit(Transaction.admit([key], now))
      expect(yield* admitsAtOnce()).toBe(false)
      const stored = yield* Effect.forEach([1, 2], () => CircuitBreaker.snapshot)
      expect(stored[0]?.circuits[key]?.state).toMatchObject({ _tag: "HalfOpen", leases: [{}, {}, {}] })
    }))

  on(() => steady())("lose no failure of a circuit that opens", () =>
    Effect.gen(function* () {
      for (let index = 0; index < 3; index++) {
        yield* execute(failing)
        const now = yield* Transaction.now
        const admission = yield* STM.commit(Transaction.admit([key], now))
        if (admission._tag === "Admitted") {
          yield* STM.commit(Transaction.settle(admission.permits, Outcome.failure(), now))
        }
      }
      expect(yield* statusOf()).toBe("Open")
    })
  )

  on(() => steady())("see every success that the fast path only noted", () =>
    Effect.gen(function* () {
      yield* execute(failing)
      const strain = Effect.map(CircuitBreaker.state(key), (state) => state.strain)
      const before = yield* strain
      yield* Effect.repeatN(execute(answering), 99)
      const noted = yield* strain
      expect(noted).toBeLessThan(before / 10)
      const admission = yield* Transaction.commit(Transaction.admit([key], yield* Transaction.now))
      if (admission._tag === "Admitted") {
        yield* Transaction.commit(Transaction.settle(admission.permits, Outcome.success, yield* Transaction.now))
      }
      expect(yield* strain).toBeLessThan(noted)
    })
  )
})

describe("a transaction that waits for the user's own state", () => {
  it("is admitted once, whatever passes on the fast path while it waits", (clock) =>
    Effect.gen(function* () {
      const gate = yield* STM.commit(TRef.make(0))
      yield* probing(clock)
      const waiting = yield* all(20, () =>
        Effect.flatMap(Transaction.now, (now) =>
          Transaction.commit(STM.zipRight(parked(gate, 0), Transaction.admit([key], now)))
        )
      )
      yield* settled
      const others = yield* all(50, (index) => yielding(index)(execute(Effect.fail(new Unsendable()))))
      yield* exits(others)
      expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
      yield* STM.commit(TRef.set(gate, 1))
      const admissions = yield* Effect.forEach(waiting, (fiber) => Fiber.join(fiber))
      expect(admissions.filter(({ _tag }) => _tag === "Admitted").length).toBe(permits)
      expect((yield* CircuitBreaker.state(key)).probes).toBe(permits)
      const held = admissions.flatMap((admission) => (admission._tag === "Admitted" ? admission.permits : []))
      yield* Transaction.commit(Transaction.settle(held, Outcome.ignored, yield* Transaction.now))
      expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
    }))
})

import { CircuitBreaker, HealthModel, Outcome, RetryBudget, Transaction } from "@truce/effect4"
import { Deferred, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { all, by, exits, hops, numbers, yielding } from "../attack/support.ts"
import { answering, attempt, failing, key, on, peek, settled, statusOf, steady, watching } from "../support.ts"

const it = on(() => steady())

/** Runs `between` after the body of a transaction and before its commit; gives what the transaction gave. */
const underWay = <A, E, R, B, E2, R2>(
  commit: (body: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>,
  body: Effect.Effect<A, E, R>,
  between: Effect.Effect<B, E2, R2>
) =>
  Effect.gen(function* () {
    const gate = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkChild(commit(Effect.tap(body, () => Deferred.await(gate))))
    yield* settled
    yield* between
    yield* Deferred.succeed(gate, undefined)
    return yield* Fiber.join(fiber)
  })

describe("a transaction under way", () => {
  it("is announced when it is committed, though another one was before it", () =>
    Effect.gen(function* () {
      const told = yield* watching(CircuitBreaker.transitions)
      yield* CircuitBreaker.isolate("other", "maintenance")
      const other = Transaction.commit(CircuitBreaker.reset("other", "done"))
      yield* underWay(Transaction.commit, CircuitBreaker.isolate(key, "maintenance"), other)
      expect((yield* told).map((transition) => [transition.key, transition.to])).toEqual([
        ["other", "Isolated"],
        ["other", "Closed"],
        [key, "Isolated"]
      ])
    }))

  on(() => steady({ maxKeys: 2 }))("keeps its key, whatever room others ask for", () =>
    Effect.gen(function* () {
      yield* attempt(answering)
      const others = Effect.forEach(Array.from({ length: 20 }).keys(), (index) => attempt(answering, `key-${index}`))
      const later = Effect.andThen(TestClock.adjust("5 seconds"), others)
      yield* underWay(Effect.tx, CircuitBreaker.isolate(key, "maintenance"), later)
      expect(yield* statusOf()).toBe("Isolated")
    })
  )

  it("is not lost when a snapshot takes the place of its circuit: it starts again", () =>
    Effect.gen(function* () {
      yield* attempt(answering)
      const restored = Effect.flatMap(CircuitBreaker.snapshot, CircuitBreaker.restore)
      yield* underWay(Effect.tx, CircuitBreaker.isolate(key, "maintenance"), restored)
      expect(yield* statusOf()).toBe("Isolated")
    }))

  it("has spent what it withdrew, though the budget was full for all others", () =>
    Effect.gen(function* () {
      const budget = yield* RetryBudget.RetryBudget
      const full = yield* budget.tokens(key)
      const now = yield* Transaction.now
      const success = { cost: 0, retry: false, outcome: Outcome.success }
      const earned = Effect.suspend(() => budget.settle(key, success, now))
      yield* underWay(Effect.tx, budget.withdraw(key, Outcome.failure()), earned)
      expect(yield* budget.tokens(key)).toBe(full - 1)
    }))

  on(() => RetryBudget.layer({ maxKeys: 1 }))(
    "has spent what it withdrew, though its purse made room for another",
    () =>
      Effect.gen(function* () {
        const budget = yield* RetryBudget.RetryBudget
        const full = yield* budget.tokens(key)
        const withdraw = (of: string) => budget.withdraw(of, Outcome.failure())
        yield* underWay(Effect.tx, withdraw(key), withdraw("other"))
        expect(yield* budget.tokens(key)).toBe(full - 1)
      })
  )
})

on(() => steady({ maxKeys: 1 }))("a transaction over more keys than there is room for commits", () =>
  Effect.gen(function* () {
    const both = Effect.forEach(["host", "tenant"], (of) => CircuitBreaker.isolate(of, "maintenance"))
    yield* Effect.tx(
      Effect.andThen(
        Effect.forEach(["host", "tenant"], (of) => CircuitBreaker.state(of)),
        both
      )
    )
    expect([yield* statusOf("host"), yield* statusOf("tenant")]).toEqual(["Isolated", "Isolated"])
  })
)

it("a transaction that itself replaces what it has looked at commits", () =>
  Effect.gen(function* () {
    yield* attempt(answering)
    const replaced = Effect.flatMap(CircuitBreaker.snapshot, CircuitBreaker.restore)
    yield* Effect.tx(Effect.andThen(replaced, CircuitBreaker.isolate(key, "maintenance")))
    expect(yield* statusOf()).toBe("Isolated")
  }))

by(() => steady({ maxKeys: 3 }))(
  "transactions over two keys see both change or neither, while keys come, go and are restored",
  () =>
    Effect.gen(function* () {
      const seen: Array<boolean> = []
      for (let round = 0; round < 40; round++) {
        const next = numbers(round)
        const [host, tenant] = [`host-${round}`, `tenant-${round}`]
        const both = (change: typeof CircuitBreaker.isolate) =>
          Effect.andThen(change(host, "both"), Effect.andThen(hops(3), change(tenant, "both")))
        const read = Effect.gen(function* () {
          const states = Effect.zip(statusOf(host), Effect.andThen(hops(2), statusOf(tenant)))
          const [left, right] = yield* Effect.tx(states)
          expect(left).toBe(right)
          seen.push(left === "Isolated")
        })
        const steps = [
          Transaction.commit(both(CircuitBreaker.isolate)),
          Effect.tx(both(CircuitBreaker.reset)),
          read,
          read,
          Effect.forEach([1, 2, 3, 4], (n) => attempt(answering, `other-${round}-${n}`)),
          Effect.flatMap(Effect.tx(CircuitBreaker.snapshot), CircuitBreaker.restore)
        ]
        const fibers = yield* all(14, (index) =>
          yielding(
            round * 14 + index,
            40
          )(Effect.andThen(hops(5), Effect.repeat(Effect.asVoid(steps[Math.floor(next() * 6)] ?? read), { times: 1 })))
        )
        expect((yield* exits(fibers)).filter(Exit.isFailure)).toEqual([])
        yield* Transaction.commit(both(CircuitBreaker.isolate))
        expect([yield* statusOf(host), yield* statusOf(tenant)]).toEqual(["Isolated", "Isolated"])
        yield* Effect.tx(both(CircuitBreaker.reset))
      }
      expect(Math.min(seen.filter(Boolean).length, seen.filter((isolated) => !isolated).length)).toBeGreaterThan(40)
    })
)

describe("what a fiber does that was forked in a transaction which has ended", () => {
  const forked = <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.flatMap(Effect.tx(Effect.forkDetach(Effect.andThen(settled, self))), (fiber) => Fiber.join(fiber))

  for (const [name, commit] of [
    ["by itself", <A, E, R>(self: Effect.Effect<A, E, R>) => self],
    ["by a commit of its own", Transaction.commit]
  ] as const) {
    it(`wakes those who wait for the circuit: ${name}`, () =>
      Effect.gen(function* () {
        yield* CircuitBreaker.isolate(key, "maintenance")
        const waiting = yield* Effect.forkChild(CircuitBreaker.awaitClosed(key))
        yield* forked(commit(CircuitBreaker.reset(key, "done")))
        expect((yield* peek(waiting))._tag).toBe("Some")
      }))
  }

  on(() => steady({ model: HealthModel.consecutive({ failures: 1 }) }))("is told of: an attempt that opens", () =>
    Effect.gen(function* () {
      const told = yield* watching(CircuitBreaker.transitions)
      yield* forked(attempt(failing))
      expect((yield* told).map(({ to }) => to)).toEqual(["Open"])
    })
  )
})

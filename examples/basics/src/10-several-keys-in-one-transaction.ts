// A host and a tenant: admitted by both circuits or by neither, together with state of your own.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, Outcome, Transaction, Truce } from "@truce/effect3"
import { Data, Effect, STM, TRef } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const down: Effect.Effect<string, Timeout> = Effect.fail(new Timeout())

const program = Effect.gen(function* () {
  // The usual way: one attempt under several circuits.
  const attempt = down.pipe(CircuitBreaker.executeAll({ keys: ["host-1", "tenant-7"], classify }), Effect.ignore)
  yield* Effect.repeatN(attempt, 5)
  const states = yield* CircuitBreaker.states
  const opened = states.map((state) => `${state.key} ${state.status}`)

  // The other tenants of a host that is open are rejected too, and their own circuits are left as they were.
  const rejected = yield* Effect.succeed("hello").pipe(
    CircuitBreaker.executeAll({ keys: ["host-1", "tenant-8"], classify }),
    Effect.flip
  )

  // With retries: each attempt is admitted by all or by none, and a retry is paid by the budget of each.
  const calls = { keys: ["host-3", "tenant-8"], classify, retry: { attempts: 2, base: "1 millis" } } as const
  const exhausted = yield* Effect.flip(Truce.protectAll(down, calls))

  // By hand: admission and a limit of your own in one transaction. A rejection is a value, never a failure.
  const running = yield* STM.commit(TRef.make(0))
  const admitBelow = (limit: number) =>
    Effect.flatMap(Transaction.now, (now) =>
      Transaction.commit(
        STM.flatMap(TRef.get(running), (busy) =>
          busy >= limit
            ? STM.succeed(undefined)
            : STM.tap(Transaction.admit(["host-2", "tenant-8"], now), ({ _tag }) =>
                _tag === "Admitted" ? TRef.update(running, (n) => n + 1) : STM.void
              )
        )
      )
    )
  const first = yield* admitBelow(1)
  const second = yield* admitBelow(1)
  if (first?._tag === "Admitted") {
    const now = yield* Transaction.now
    yield* Transaction.commit(
      STM.zipRight(
        Transaction.settle(first.permits, Outcome.success, now),
        TRef.update(running, (n) => n - 1)
      )
    )
  }
  const third = yield* admitBelow(1)
  return {
    opened,
    rejected,
    exhausted,
    admitted: [first, second, third].map((admission) => admission?._tag ?? "limit")
  }
})

const { admitted, exhausted, opened, rejected } = await Effect.runPromise(program.pipe(Effect.provide(Truce.layer())))
console.log(opened.join(", "))
console.log(rejected.message)
console.log(exhausted.message)
console.log(`by hand: ${admitted.join(", ")}`)

assert.deepEqual(opened, ["host-1 Open", "tenant-7 Open"])
assert.equal(rejected.key, "host-1")
assert.equal(exhausted.message, "call to host-3 + tenant-8 ended after 2 attempts (attempts): Timeout, Timeout")
assert.deepEqual(admitted, ["Admitted", "limit", "Admitted"])

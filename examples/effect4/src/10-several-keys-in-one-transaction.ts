// A host and a tenant: admitted by both circuits or by neither, together with state of your own.
import assert from "node:assert/strict"
import { CircuitBreaker, Classifier, Outcome, Transaction, Truce } from "@truce/effect4"
import { Data, Effect, TxRef } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const down: Effect.Effect<string, Timeout> = Effect.fail(new Timeout())

const program = Effect.gen(function* () {
  // The usual way: one attempt under several circuits.
  const attempt = down.pipe(CircuitBreaker.executeAll({ keys: ["host-1", "tenant-7"], classify }), Effect.ignore)
  yield* Effect.repeat(attempt, { times: 5 })
  const states = yield* CircuitBreaker.states
  const opened = states.map((state) => `${state.key} ${state.status}`)

  // The other tenants of a host that is open are rejected too, and their own circuits are left as they were.
  const rejected = yield* Effect.succeed("hello").pipe(
    CircuitBreaker.executeAll({ keys: ["host-1", "tenant-8"], classify }),
    Effect.flip
  )

  // By hand: admission and a limit of your own in one transaction. A rejection is a value, never a failure.
  const running = yield* TxRef.make(0)
  const admitBelow = Effect.fnUntraced(function* (limit: number) {
    const now = yield* Transaction.now
    return yield* Transaction.commit(
      Effect.gen(function* () {
        if ((yield* TxRef.get(running)) >= limit) return undefined
        const admission = yield* Transaction.admit(["host-2", "tenant-8"], now)
        if (admission._tag === "Admitted") yield* TxRef.update(running, (n) => n + 1)
        return admission
      })
    )
  })
  const first = yield* admitBelow(1)
  const second = yield* admitBelow(1)
  if (first?._tag === "Admitted") {
    const now = yield* Transaction.now
    yield* Transaction.commit(
      Effect.andThen(
        Transaction.settle(first.permits, Outcome.success, now),
        TxRef.update(running, (n) => n - 1)
      )
    )
  }
  const third = yield* admitBelow(1)
  return { opened, rejected, admitted: [first, second, third].map((admission) => admission?._tag ?? "limit") }
})

const { admitted, opened, rejected } = await Effect.runPromise(program.pipe(Effect.provide(Truce.layer())))
console.log(opened.join(", "))
console.log(rejected.message)
console.log(`by hand: ${admitted.join(", ")}`)

assert.deepEqual(opened, ["host-1 Open", "tenant-7 Open"])
assert.equal(rejected.key, "host-1")
assert.deepEqual(admitted, ["Admitted", "limit", "Admitted"])

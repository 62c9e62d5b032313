// An operator stops retries without a release; a handler has a deadline; an INSERT is not sent twice.
import assert from "node:assert/strict"
import { Classifier, Truce } from "@truce/effect3"
import { Data, Effect } from "effect"

class Refused extends Data.TaggedError("Refused")<{}> {}
const classify = Classifier.tags<Refused>()({ Refused: "retriable" })

let sent = 0
const counted = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.zipRight(
    Effect.sync(() => void sent++),
    self
  )
const down: Effect.Effect<string, Refused> = counted(Effect.fail(new Refused()))
const hangs: Effect.Effect<string> = counted(Effect.never)

// What the code asks for, deep in a library that nobody wants to release now.
const eager = down.pipe(Truce.protect({ key: "users-api", classify, retry: { attempts: 5, base: "1 millis" } }))

// A timeout says nothing about whether the row is there: it ends the call under its own tag.
const insert = hangs.pipe(
  Truce.protect({ key: "orders-db", classify, attemptTimeout: "20 millis", retry: { retryTimeouts: false } })
)

const sentBy = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const before = sent
    return Effect.map(Effect.ignore(self), () => sent - before)
  })

const program = Effect.gen(function* () {
  const usual = yield* sentBy(eager)
  yield* Truce.reload({ limits: { attempts: 1 } })
  const limited = yield* sentBy(eager)
  yield* Truce.reload({})
  // No retry starts later than that, whatever the retries of the calls inside may do.
  const late = Truce.protect(down, { key: "search-api", classify, retry: { attempts: 100, base: "10 millis" } })
  const error = yield* late.pipe(Truce.withDeadline("40 millis"), Effect.flip)
  const reason = error._tag === "RetryExhausted" ? error.reason : error._tag
  const inserted = yield* sentBy(insert)
  const ended = yield* Effect.flip(insert)
  return { usual, limited, reason, inserted, ended: ended._tag }
})

const { ended, inserted, limited, reason, usual } = await Effect.runPromise(Effect.provide(program, Truce.layer()))
console.log(`attempts of 5 asked for       ${usual}, under limits ${limited}`)
console.log(`100 attempts with a deadline  ${reason}`)
console.log(`INSERT that hangs             sent ${inserted === 1 ? "once" : `${inserted} times`}, ${ended}`)

assert.deepEqual([usual, limited, reason, inserted, ended], [5, 1, "deadline", 1, "AttemptTimeout"])

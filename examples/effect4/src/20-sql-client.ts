// A SQL client under protection: a locked database is worth another attempt, a violated constraint is an answer.
import assert from "node:assert/strict"
import { SqlClient, type SqlError } from "@effect/sql"
import { LibsqlClient } from "@effect/sql-libsql"
import { Classifier, HealthScore, Outcome, Truce } from "@truce/effect4"
import { Context, Deferred, Effect, Fiber, Layer } from "effect"

/** The code of the database, which `SqlError` keeps in its cause. */
const codeOf = ({ cause }: SqlError.SqlError): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "unknown"

const isLocked = (error: SqlError.SqlError) => /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error))
const isBroken = (error: SqlError.SqlError) => /^SQLITE_(CANTOPEN|CORRUPT|FULL|IOERR)/.test(codeOf(error))

// Locked: somebody else is at work, so a retry pays in full. Broken: the database's fault, though no attempt helps. The rest, such as a
// constraint or a wrong statement, says nothing about it.
const classify = Classifier.make(isLocked, {
  outcome: (error) =>
    isLocked(error)
      ? Outcome.failure({ weight: Outcome.throttleWeight, saturated: true })
      : isBroken(error)
        ? Outcome.failure()
        : Outcome.ignored
})
const protect = Truce.protect({ key: "users-db", classify, attemptTimeout: "2 seconds" })

/** A connection of its own to the one database in memory. */
const connection = Effect.map(
  Layer.build(LibsqlClient.layer({ url: "file::memory:?cache=shared" })),
  Context.get(SqlClient.SqlClient)
)

const program = Effect.gen(function* () {
  const [sql, other] = yield* Effect.all([connection, connection])
  yield* sql`CREATE TABLE users (name TEXT PRIMARY KEY)`

  // another transaction holds the lock until our first attempt has failed
  const [held, release] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
  const transaction = yield* Effect.forkChild(
    other.withTransaction(
      other`INSERT INTO users (name) VALUES ('Grace')`.pipe(
        Effect.andThen(Deferred.succeed(held, undefined)),
        Effect.andThen(Deferred.await(release))
      )
    )
  )
  yield* Deferred.await(held)

  // a statement on its own, or a transaction as a whole, can be tried again: never a statement inside a transaction
  let attempts = 0
  const add = (name: string) =>
    sql`INSERT INTO users (name) VALUES (${name})`.pipe(
      Effect.tapError(() => Deferred.succeed(release, undefined)),
      Effect.onExit(() => Effect.sync(() => attempts++)),
      protect
    )
  yield* add("Ada")
  yield* Fiber.join(transaction)
  const rescuedBy = attempts
  const { strain } = yield* HealthScore.get("users-db")

  const twice = yield* Effect.flip(add("Ada"))
  const code = twice._tag === "SqlError" ? codeOf(twice) : twice._tag
  const names = yield* sql<{ readonly name: string }>`SELECT name FROM users ORDER BY name`.pipe(protect)
  return { rescuedBy, strain, code, asked: attempts - rescuedBy, names: names.map(({ name }) => name) }
}).pipe(Effect.scoped, Effect.provide(Truce.layer({ retry: { attempts: 5, base: "20 millis" } })))

const { asked, code, names, rescuedBy, strain } = await Effect.runPromise(program)
console.log(`${names.join(" and ")} after ${rescuedBy} attempts, strain ${strain.toFixed(2)}; then ${code} at once`)

assert.deepEqual(names, ["Ada", "Grace"])
assert.ok(rescuedBy > 1)
assert.deepEqual([code, asked], ["SQLITE_CONSTRAINT_PRIMARYKEY", 1])

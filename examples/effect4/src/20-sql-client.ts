// A SQL client under protection: a locked database is worth another attempt, a violated constraint is an answer.
import assert from "node:assert/strict"
import { NodeServices } from "@effect/platform-node"
import { Classifier, HealthScore, Outcome, Truce } from "@truce/effect4"
import { Deferred, Effect, Fiber, FileSystem } from "effect"
import type { SqlError } from "effect/sql"
import * as NodeSqlite from "./nodeSqlite.ts"

// Locked: somebody else is at work, so a retry pays in full. Out of reach, or unknown, such as a full disk: the database's fault. The
// rest, such as a constraint or a wrong statement, says nothing about it.
const readings: { readonly [Reason in SqlError.SqlErrorReason["_tag"]]: Outcome.Outcome } = {
  LockTimeoutError: Outcome.failure({ weight: Outcome.throttleWeight, saturated: true }),
  DeadlockError: Outcome.failure({ weight: Outcome.throttleWeight, saturated: true }),
  SerializationError: Outcome.failure({ weight: Outcome.throttleWeight, saturated: true }),
  StatementTimeoutError: Outcome.failure({ saturated: true }),
  ConnectionError: Outcome.failure(),
  UnknownError: Outcome.failure(),
  AuthenticationError: Outcome.ignored,
  AuthorizationError: Outcome.ignored,
  ConstraintError: Outcome.ignored,
  SqlSyntaxError: Outcome.ignored,
  UniqueViolation: Outcome.ignored
}
// Every driver of Effect says which of its errors another attempt may change.
const classify = Classifier.make((error: SqlError.SqlError) => error.isRetryable, {
  outcome: ({ reason }) => readings[reason._tag]
})
const protect = Truce.protect({ key: "users-db", classify, attemptTimeout: "2 seconds" })

const program = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const file = `${yield* files.makeTempDirectoryScoped()}/users.db`
  const [sql, other] = yield* Effect.all([NodeSqlite.make(file), NodeSqlite.make(file)])
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
  const reason = twice._tag === "SqlError" ? twice.reason._tag : twice._tag
  const names = yield* sql<{ readonly name: string }>`SELECT name FROM users ORDER BY name`.pipe(protect)
  return { rescuedBy, strain, reason, asked: attempts - rescuedBy, names: names.map(({ name }) => name) }
}).pipe(Effect.scoped, Effect.provide([NodeServices.layer, Truce.layer({ retry: { attempts: 5, base: "20 millis" } })]))

const { asked, names, reason, rescuedBy, strain } = await Effect.runPromise(program)
console.log(`${names.join(" and ")} after ${rescuedBy} attempts, strain ${strain.toFixed(2)}; then ${reason} at once`)

assert.deepEqual(names, ["Ada", "Grace"])
assert.ok(rescuedBy > 1)
assert.deepEqual([reason, asked], ["ConstraintError", 1])

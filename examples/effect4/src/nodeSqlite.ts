// The `SqlClient` of Effect over the SQLite that is part of Node, for `20-sql-client.ts`: a driver such as `@effect/sql-sqlite-node` is
// not yet published for Effect 4.1. As much of one as the example needs: no statement cache, and a stream has all its rows at once.
import { DatabaseSync, type SQLInputValue } from "node:sqlite"
import { Effect, Semaphore, Stream } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient, type SqlConnection, SqlError, Statement } from "effect/sql"

/** Node's own error has SQLite's number in `errcode`; Effect looks for it in `errno`. */
const failed = (cause: unknown) => {
  const errno = cause instanceof Error && "errcode" in cause ? cause.errcode : undefined
  const message = cause instanceof Error ? cause.message : undefined
  // 1 is what SQLite says of a statement that it cannot prepare; to Effect it is any error.
  const reason =
    errno === 1
      ? new SqlError.SqlSyntaxError({ cause, message })
      : SqlError.classifySqliteError({ errno, cause }, { message })
  return new SqlError.SqlError({ reason })
}

const isInput = (value: unknown): value is SQLInputValue =>
  value === null || ["string", "number", "bigint"].includes(typeof value) || ArrayBuffer.isView(value)

const connected = (database: DatabaseSync): SqlConnection.Connection => {
  const rows = (sql: string, params: ReadonlyArray<unknown>) =>
    Effect.try({
      try: () => {
        const input = params.filter(isInput)
        if (input.length < params.length) throw new TypeError("SQLite takes null, strings, numbers and bytes")
        return database.prepare(sql).all(...input)
      },
      catch: failed
    })
  const execute: SqlConnection.Connection["execute"] = (sql, params, transform) =>
    Effect.map(rows(sql, params), (found) => transform?.(found) ?? found)
  const executeValues: SqlConnection.Connection["executeValues"] = (sql, params) =>
    Effect.map(rows(sql, params), (found) => found.map((row) => Object.values(row)))
  return {
    execute,
    executeRaw: rows,
    executeStream: (sql, params, transform) => Stream.fromIterableEffect(execute(sql, params, transform)),
    executeUnprepared: execute,
    executeValues,
    executeValuesUnprepared: executeValues
  }
}

/** A connection of its own to the database in a file. A lock of somebody else is an error at once: waiting is what a retry is for. */
export const make = Effect.fnUntraced(function* (file: string) {
  const database = yield* Effect.acquireRelease(
    Effect.try({ try: () => new DatabaseSync(file, { timeout: 0 }), catch: failed }),
    (database) => Effect.sync(() => database.close())
  )
  const acquirers = SqlClient.makeSqliteAcquirers({
    connection: Effect.succeed(connected(database)),
    semaphore: yield* Semaphore.make(1),
    isTransaction: () => database.isTransaction
  })
  return yield* SqlClient.make({
    ...acquirers,
    compiler: Statement.makeCompilerSqlite(),
    driver: "node:sqlite",
    spanAttributes: [["db.system.name", "sqlite"]]
  })
}, Effect.provide(Reactivity.layer))

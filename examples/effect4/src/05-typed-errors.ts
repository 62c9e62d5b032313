// A backend handler: each error becomes one status, and the compiler knows when one is missing.
import assert from "node:assert/strict"
import { Classifier, CircuitBreaker, Truce } from "@truce/effect4"
import { Data, Duration, Effect } from "effect"

class Unreachable extends Data.TaggedError("Unreachable")<{}> {}
class Forbidden extends Data.TaggedError("Forbidden")<{}> {}
class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}

// A new error of `findUser` that is not in this table does not compile.
const classify = Classifier.tags<Unreachable | Forbidden | NotFound>()({
  Unreachable: "retriable",
  Forbidden: "permanent",
  NotFound: "permanent"
})

const findUser = (id: string): Effect.Effect<string, Unreachable | Forbidden | NotFound> => {
  if (id === "ada") return Effect.succeed("Ada Lovelace")
  if (id === "root") return Effect.fail(new Forbidden())
  return id === "down" ? Effect.fail(new Unreachable()) : Effect.fail(new NotFound({ id }))
}

interface Answer {
  readonly status: number
  readonly body: string
  readonly retryAfter?: number
}

const handler = (id: string): Effect.Effect<Answer, never, Truce.Truce> =>
  findUser(id).pipe(
    Truce.protect({ key: "users-api", classify, retry: { attempts: 2, base: "1 millis" } }),
    Effect.map((body): Answer => ({ status: 200, body })),
    Effect.catchTags({
      // permanent errors are still there, under their own tags
      NotFound: (error) => Effect.succeed({ status: 404, body: `no user ${error.id}` }),
      Forbidden: () => Effect.succeed({ status: 403, body: "forbidden" }),
      // no attempt was made: safe to try elsewhere, and we know when to come back
      CircuitOpen: (error) =>
        Effect.succeed({
          status: 503,
          body: "unavailable",
          retryAfter: Math.ceil(Duration.toSeconds(error.retryAfter))
        }),
      // attempts were made: `lastError` is an Unreachable, and nothing else
      RetryExhausted: (error) => Effect.succeed({ status: 502, body: `${error.lastError._tag}, ${error.reason}` })
    })
  )

const program = Effect.gen(function* () {
  const answers = yield* Effect.forEach(["ada", "nobody", "root", "down"], handler)
  yield* CircuitBreaker.isolate("users-api", "migration of the users table")
  return [...answers, yield* handler("ada")]
})

const answers = await Effect.runPromise(program.pipe(Effect.provide(Truce.layer())))
for (const { body, status } of answers) console.log(status, body)

assert.deepEqual(
  answers.map((answer) => answer.status),
  [200, 404, 403, 502, 503]
)

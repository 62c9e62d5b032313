import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"

type Client = Redis.Redis["Service"]

/** How long after a client could not be built it is tried again. */
const againMillis = 1_000

/** How long what is asked at the start waits for the first try: shorter than a question to the store may take. */
const patienceMillis = 500

/** A client that is built while it is used already; until then, what it is asked fails. */
export const make = <E, R>(layer: Layer.Layer<Redis.Redis, E, R>): Effect.Effect<Client, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const begun = yield* Deferred.make<void>()
    let built: Client | undefined
    let why: string | undefined
    const build = Effect.gen(function* () {
      const own = yield* Scope.fork(scope)
      // A memo of its own: what has failed once is built anew.
      const building = Effect.suspend(() => Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), own))
      const services = yield* Effect.onError(building, (cause) => Scope.close(own, Exit.failCause(cause)))
      built = Context.get(services, Redis.Redis)
    })
    const begin = Effect.asVoid(Deferred.succeed(begun, undefined))
    const trying: Effect.Effect<void, never, R> = Effect.matchCauseEffect(build, {
      onSuccess: () => begin,
      onFailure: (cause) => {
        why = messageOf(Cause.squash(cause))
        return begin.pipe(Effect.andThen(Effect.sleep(againMillis)), Effect.andThen(Effect.suspend(() => trying)))
      }
    })
    yield* Effect.forkScoped(trying)
    yield* Effect.forkScoped(Effect.delay(begin, patienceMillis))
    const using = <A, E2, R2>(
      f: (client: Client) => Effect.Effect<A, E2, R2>,
      offline: Effect.Effect<A, E2, R2>
    ): Effect.Effect<A, E2, R2> => {
      const now = Effect.suspend(() => (built === undefined ? offline : f(built)))
      return Effect.suspend(() => (built === undefined ? Effect.andThen(Deferred.await(begun), now) : f(built)))
    }
    const failing = Effect.suspend(() => Effect.fail(offline(why)))
    const failed: ReturnType<Client["subscribe"]> = Effect.tap(
      Queue.unbounded<Redis.RedisMessage, Redis.RedisError>(),
      (queue) => Queue.fail(queue, offline(why))
    )
    return {
      send: (command, ...args) => using((client) => client.send(command, ...args), failing),
      eval:
        (script) =>
        (...params) =>
          using((client) => client.eval(script)(...params), failing),
      reserve: using((client) => client.reserve, failing),
      subscribe: (channel) => using((client) => client.subscribe(channel), failed)
    }
  })

const offline = (why: string | undefined) =>
  new Redis.RedisError({ cause: new Error(`The client is offline${why === undefined ? "" : `: ${why}`}`) })

const messageOf = (error: unknown): string => {
  if (error instanceof Redis.RedisError) return messageOf(error.cause)
  return error instanceof Error ? error.message : String(error)
}

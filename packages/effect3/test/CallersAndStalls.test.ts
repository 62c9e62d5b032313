// Real sockets, a real event loop and a real scope: who hangs up, what hangs, and a process that stands still.
import { it } from "@effect/vitest"
import { HttpClient, KeyValueStore } from "@effect/platform"
import { CircuitBreaker, Classifier, HealthScore, Truce } from "@truce/effect3"
import { withTruce } from "@truce/effect3/HttpClient"
import * as Snapshots from "@truce/effect3/Snapshots"
import { Data, Effect, Exit, Fiber, Layer, TestClock } from "effect"
import { readFile } from "node:fs/promises"
import { describe, expect } from "vitest"
import { type Handler, type Served, serve } from "./httpServer.ts"
import { clients } from "./platform/Http.ts"
import { onTestClock } from "./platform/TestTime.ts"
import { answering, classify, key } from "./support.ts"

class Io extends Data.TaggedError("Io")<{}> {}
const classifyIo = Classifier.tags<Io>()({ Io: "retriable" })

for (const [name, layer] of clients) {
  describe(`over ${name}`, () => {
    const on = <A, E>(
      text: string,
      handler: Handler,
      body: (served: Served, client: HttpClient.HttpClient) => Effect.Effect<A, E, Truce.Services>
    ) =>
      it.scopedLive(text, () =>
        Effect.gen(function* () {
          const served = yield* serve(handler)
          return yield* Effect.flatMap(HttpClient.HttpClient, (client) => body(served, client)).pipe(
            Effect.provide(layer)
          )
        }).pipe(Effect.provide(Truce.layer()))
      )

    on(
      "clients that hang up before a healthy server has had its time move no score",
      (_, response, n) => void (n === 0 ? setTimeout(() => response.end("Ada"), 1_000) : undefined),
      ({ aborted, asked, url }, client) =>
        Effect.gen(function* () {
          const users = client.pipe(withTruce({ attemptTimeout: "1 minute" }))
          yield* users.get(url)
          const callers = yield* Effect.forEach(Array.from({ length: 10 }), () => Effect.fork(users.get(url)))
          yield* asked(11)
          yield* Fiber.interruptAll(callers)
          yield* aborted(10)
          expect(yield* HealthScore.get(url)).toMatchObject({ score: 1, strain: 0 })
        })
    )

    on(
      "a server that hangs behind impatient callers opens its circuit, without a time rule of its own",
      (_, response, n) => {
        if (n === 0) response.end("Ada")
      },
      ({ requests, url }, client) =>
        Effect.gen(function* () {
          const users = client.pipe(withTruce())
          yield* users.get(url)
          const impatient = Effect.exit(Effect.timeout(users.get(url), "300 millis"))
          yield* Effect.repeat(Effect.all([impatient, impatient, impatient], { concurrency: "unbounded" }), {
            until: () => Effect.map(CircuitBreaker.state(url), ({ status }) => status === "Open")
          })
          // n = 5 from cold: two rounds of three, or one more where the machine was so slow that the first answer was.
          expect(requests.length).toBeLessThan(40)
        })
    )
  })
}

it.live("a process that stands still blames itself, and not what was ready all along", () =>
  Effect.gen(function* () {
    const read = Truce.protect(
      Effect.tryPromise({ try: () => readFile(new URL(import.meta.url)), catch: () => new Io() }),
      { key: "disk", classify: classifyIo, attemptTimeout: "200 millis", retry: { attempts: 1 } }
    )
    yield* Effect.exit(read)
    const before = yield* HealthScore.get("disk")
    const calls = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.fork(Effect.exit(read)))
    yield* Effect.async<void>((resume) => {
      setImmediate(() => {
        const until = performance.now() + 800
        while (performance.now() < until);
        resume(Effect.void)
      })
    })
    const exits = yield* Fiber.joinAll(calls)
    // Some may have been read before it stood still; what timed out was not the disk's fault.
    expect(exits.some(Exit.isFailure)).toBe(true)
    expect((yield* HealthScore.get("disk")).score).toBe(before.score)
  }).pipe(Effect.provide(Truce.layer()))
)

it.live("what ends while its layer closes says nothing", () =>
  Effect.gen(function* () {
    let score: Effect.Effect<HealthScore.Health> | undefined
    yield* Effect.scoped(
      Effect.gen(function* () {
        const health = yield* HealthScore.HealthScore
        score = health.get("users-api")
        const failing = Truce.protect(Effect.fail(new Io()), {
          key: "users-api",
          classify: classifyIo,
          retry: { attempts: 1 }
        })
        // The layer's scope is closed before the finalizers of the program that it was provided to.
        yield* Effect.addFinalizer(() => Effect.ignore(failing))
      }).pipe(Effect.provide(Truce.layer()))
    )
    expect((yield* score ?? Effect.die("no score")).score).toBe(1)
  })
)

it.scoped("a deploy with calls in flight saves no failure of a healthy dependency", () =>
  onTestClock(
    Effect.gen(function* () {
      const store = Layer.succeed(KeyValueStore.KeyValueStore, yield* KeyValueStore.KeyValueStore)
      const live = Snapshots.layer().pipe(Layer.provideMerge(Truce.layer()), Layer.provide(store))
      const call = Truce.protect(Effect.delay(answering, "400 millis"), { key, classify, attemptTimeout: "500 millis" })
      const process = Effect.gen(function* () {
        const before = yield* HealthScore.get(key)
        const served = yield* Effect.fork(call)
        yield* TestClock.adjust("400 millis")
        yield* Fiber.join(served)
        yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.forkScoped(call))
        yield* TestClock.adjust("350 millis")
        return before
      }).pipe(Effect.scoped, Effect.provide(live))
      yield* process
      expect(yield* process).toMatchObject({ score: 1, strain: 0 })
    }).pipe(Effect.provide(KeyValueStore.layerMemory))
  )
)

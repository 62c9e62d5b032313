// Three processes that share one judgement: what two of them have seen opens the circuit of the third, and one probe serves all.
// It needs a Redis at REDIS_URL or port 6379, or a redis-server that it can start.
import assert from "node:assert/strict"
import { fork, spawn } from "node:child_process"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect3"
import { Console, Data, Effect, Layer, Queue, Stream } from "effect"
import { answers, fleetOn } from "./platform/redis.ts"

class Refused extends Data.TaggedError("Refused")<{}> {}
const classify = Classifier.tags<Refused>()({ Refused: "retriable" })
const key = "users-api"

/** One of the three: makes an attempt when it is told what comes of it, and tells of every change of its circuit. */
const member = (name: string, url: string, prefix: string) =>
  Effect.gen(function* () {
    const say = (text: string): void => void process.send?.(text)
    yield* CircuitBreaker.transitions.pipe(
      Stream.runForEach(({ to }) => Effect.sync(() => say(to))),
      Effect.forkScoped
    )
    const orders = yield* Queue.unbounded<string>()
    process.on("message", (order) => Queue.unsafeOffer(orders, String(order)))
    say("ready")
    yield* Stream.runForEach(Stream.fromQueue(orders), (order) =>
      (order === "succeed" ? Effect.void : Effect.fail(new Refused())).pipe(
        CircuitBreaker.execute({ key, classify }),
        Effect.match({
          onFailure: ({ _tag }) => say(`attempt: ${_tag}`),
          onSuccess: () => say("attempt: ok")
        })
      )
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Layer.provideMerge(fleetOn(url, { prefix, process: name }), Truce.layer({ circuit: { openFor: "1 second" } }))
    )
  )

type Member = Effect.Effect.Success<ReturnType<typeof started>>

/** One of the three as the process sees it that starts them. */
const started = (name: string, url: string, prefix: string) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(new URL(import.meta.url), [name, url, prefix])),
      (child) => Effect.sync(() => child.kill())
    )
    const moves = yield* Queue.unbounded<string>()
    const results = yield* Queue.unbounded<string>()
    child.on("message", (text: string) => Queue.unsafeOffer(text.startsWith("attempt: ") ? results : moves, text))
    const heard = (text: string) => Effect.repeat(Queue.take(moves), { until: (said) => said === text })
    yield* heard("ready")
    return {
      heard,
      attempt: (order: "fail" | "succeed") =>
        Effect.zipRight(
          Effect.sync(() => child.send(order)),
          Queue.take(results)
        )
    }
  })

/** Attempts that would succeed, until one ends as it should. */
const until = (member: Member, result: string) =>
  Effect.repeat(Effect.delay(member.attempt("succeed"), "50 millis"), { until: (found) => found === result })

/** The Redis there is, or one that lives as long as this program; none where it cannot be started. */
const redis = Effect.gen(function* () {
  const usual = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379"
  if (yield* answers(usual)) return usual
  const url = "redis://127.0.0.1:6391"
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn("redis-server", ["--port", "6391", "--save", ""], { stdio: "ignore" }).on("error", () => {})
    ),
    (server) => Effect.sync(() => server.kill())
  )
  const isThere = yield* Effect.repeat(Effect.delay(answers(url), "50 millis"), { until: (is) => is, times: 40 })
  return isThere ? url : undefined
})

const main = Effect.gen(function* () {
  const url = yield* redis
  if (url === undefined) return yield* Console.log("skipped: there is no Redis, and no redis-server to start")
  const prefix = `truce-example-${process.pid}:`
  const [one, two, three] = yield* Effect.all(
    [started("web-1", url, prefix), started("web-2", url, prefix), started("web-3", url, prefix)],
    { concurrency: "unbounded" }
  )
  const fleet = [one, two, three]
  // Each has an attempt behind it, so that it knows the record. Fourteen failures open the circuit for all, seven do not open one alone.
  yield* Effect.forEach(fleet, (each) => each.attempt("succeed"))
  yield* Effect.repeatN(Effect.zip(one.attempt("fail"), two.attempt("fail"), { concurrent: true }), 6)
  yield* Effect.forEach([one, two], (each) => each.heard("Open"))
  yield* Console.log("web-1 and web-2 have seen failures: the circuit is open")

  // The news reaches it at once; were they lost, the answer to its own evidence would say so.
  yield* until(three, "attempt: CircuitOpen")
  yield* Console.log("web-3, which has seen none, is rejected")

  yield* until(one, "attempt: ok")
  yield* until(one, "attempt: ok")
  yield* Effect.forEach(fleet, (each) => each.heard("Closed"))
  assert.equal(yield* three.attempt("succeed"), "attempt: ok")
  yield* Console.log("two probes of web-1 have closed it for all")
}).pipe(Effect.scoped)

const [name, url, prefix] = process.argv.slice(2)
if (name !== undefined && url !== undefined && prefix !== undefined) await Effect.runPromise(member(name, url, prefix))
else await Effect.runPromise(main)

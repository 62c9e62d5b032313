// Three processes that share one judgement: what two of them have seen opens the circuit of the third, and one probe serves all.
// It needs a Redis at REDIS_URL or port 6379, or a redis-server that it can start.
import assert from "node:assert/strict"
import { type ChildProcess, fork, spawn } from "node:child_process"
import { once } from "node:events"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect3"
import * as Redis from "@truce/effect3/Redis"
import { Data, Effect, Layer, Stream } from "effect"
import { Redis as Client } from "ioredis"

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
    const orders = Stream.asyncPush<string>((emit) =>
      Effect.sync(() => void process.on("message", (order) => emit.single(String(order))))
    )
    say("ready")
    yield* Stream.runForEach(orders, (order) =>
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
      Redis.layer({ connection: url, prefix, process: name }).pipe(
        Layer.provideMerge(Truce.layer({ circuit: { openFor: "300 millis" } }))
      )
    )
  )

/** The processes as the one that starts them sees them. */
const started = async (name: string, url: string, prefix: string) => {
  const child: ChildProcess = fork(new URL(import.meta.url), [name, url, prefix])
  const said: Array<string> = []
  child.on("message", (text) => said.push(String(text)))
  const heard = async (text: string) => {
    while (!said.includes(text)) await once(child, "message")
    said.splice(0, said.indexOf(text) + 1)
  }
  await heard("ready")
  return {
    name,
    heard,
    attempt: async (order: "fail" | "succeed"): Promise<string> => {
      child.send(order)
      while (true) {
        const found = said.findIndex((text) => text.startsWith("attempt: "))
        if (found >= 0) return said.splice(found, 1)[0] ?? ""
        await once(child, "message")
      }
    },
    end: () => child.kill()
  }
}

const answers = async (url: string): Promise<boolean> => {
  const client = new Client(url, { lazyConnect: true, retryStrategy: () => null })
  client.on("error", () => undefined)
  return client.connect().then(
    () => client.disconnect() === undefined,
    () => false
  )
}

const main = async (): Promise<void> => {
  let url = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379"
  let server: ChildProcess | undefined
  if (!(await answers(url))) {
    url = "redis://127.0.0.1:6391"
    server = spawn("redis-server", ["--port", "6391", "--save", "", "--appendonly", "no"], { stdio: "ignore" })
    const isMissing = once(server, "error").then(() => true)
    while (!(await answers(url))) {
      if (await Promise.race([isMissing, new Promise<false>((resolve) => setTimeout(resolve, 50, false))])) {
        return console.log("skipped: there is no Redis, and no redis-server to start")
      }
    }
  }
  const prefix = `truce-example-${process.pid}:`
  const fleet = await Promise.all(["web-1", "web-2", "web-3"].map((name) => started(name, url, prefix)))
  const [one, two, three] = fleet
  try {
    if (one === undefined || two === undefined || three === undefined) throw new Error("a process is missing")
    // Each has an attempt behind it, so that it knows the record; none has seen enough failures for its own circuit.
    for (const each of fleet) await each.attempt("succeed")
    for (let i = 0; i < 5; i++) await Promise.all([one.attempt("fail"), two.attempt("fail")])
    await Promise.all(fleet.map((each) => each.heard("Open")))
    console.log("web-1 and web-2 have seen failures: the circuit is open in all three")

    assert.equal(await three.attempt("succeed"), "attempt: CircuitOpen")
    console.log("web-3, which has seen none, is rejected")

    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.equal(await one.attempt("succeed"), "attempt: ok")
    assert.equal(await one.attempt("succeed"), "attempt: ok")
    await Promise.all(fleet.map((each) => each.heard("Closed")))
    assert.equal(await three.attempt("succeed"), "attempt: ok")
    console.log("two probes of web-1 have closed it for all")
  } finally {
    for (const each of fleet) each.end()
    const client = new Client(url)
    await client.del(`${prefix}${key}`)
    client.disconnect()
    server?.kill()
  }
}

const [name, url, prefix] = process.argv.slice(2)
if (name !== undefined && url !== undefined && prefix !== undefined) await Effect.runPromise(member(name, url, prefix))
else await main()

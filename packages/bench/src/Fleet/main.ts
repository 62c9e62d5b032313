/** What a fleet costs and gives, on a Redis at REDIS_URL or port 6379: `pnpm bench:fleet [latency] [outage] [commands] [bytes]`. */
import { Classifier, Truce } from "@truce/effect3"
import * as Redis from "@truce/effect3/Redis"
import { Context, Data, Effect, Layer, ManagedRuntime } from "effect"
import { Redis as Client } from "ioredis"
import { quantile } from "../Rounds.ts"

class Refused extends Data.TaggedError("Refused")<{}> {}
const classify = Classifier.tags<Refused>()({ Refused: "retriable" })

const connection = process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379"
const prefix = `truce-bench-${process.pid}:`
const client = new Client(connection)
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const sleep = (millis: number) => new Promise<void>((resolve) => setTimeout(resolve, millis))

const alone = Truce.layer()
const shared = (options: Redis.Options = {}) =>
  Layer.provideMerge(Redis.layer({ connection, prefix, ...options }), Truce.layer())

/** Nanoseconds a call, interleaved with the others. */
const latency = async (): Promise<void> => {
  const calls = 5_000
  const call = Effect.succeed("hello").pipe(Truce.protect({ key: "latency", classify }))
  const loop = Effect.forEach(Array.from({ length: calls }), () => call, { discard: true })
  const subjects = [alone, alone, shared()].map((layer) => ManagedRuntime.make(layer))
  const times: ReadonlyArray<Array<number>> = subjects.map(() => [])
  for (let round = 0; round < 41; round++) {
    // Each is first, second and last in turn: what one leaves to collect is paid by the next.
    for (const i of [0, 1, 2].map((place) => (place + round) % subjects.length)) {
      const runtime = subjects[i]
      if (runtime === undefined) continue
      const start = process.hrtime.bigint()
      await runtime.runPromise(loop)
      const each = Number(process.hrtime.bigint() - start) / calls
      if (round > 5) times[i]?.push(each)
    }
    await sleep(20)
  }
  const [first = NaN, second = NaN, withFleet = NaN] = times.map((each) => quantile(each, 0.5))
  say(
    `a healthy call under protect, ns: alone ${first.toFixed(0)}, alone again ${second.toFixed(0)}, in a fleet ${withFleet.toFixed(0)}`
  )
  for (const runtime of subjects) await runtime.dispose()
}

/** 20 members at 100 calls a second in all; the dependency fails for `seconds`. */
const outage = async (seconds: number): Promise<void> => {
  let isDown = false
  let failed = 0
  let admittedOpen = 0
  const attempt = Effect.suspend(() => {
    if (!isDown) return Effect.succeed("hello")
    failed++
    return Effect.fail(new Refused())
  })
  const call = Effect.ignore(attempt.pipe(Truce.protect({ key: "outage", classify })))
  const members = Array.from({ length: 20 }, (_, i) => ManagedRuntime.make(shared({ process: `web-${i}` })))
  for (const runtime of members) await runtime.runPromise(Effect.void)
  const timer = setInterval(() => {
    const now = performance.now()
    while (next < now) {
      next += -Math.log(1 - Math.random()) * 10
      void members[Math.floor(Math.random() * members.length)]?.runPromise(call)
    }
  }, 2)
  let next = performance.now()
  await sleep(5_000)
  const start = performance.now()
  let firstFailure = 0
  isDown = true
  const statuses = () =>
    Promise.all(
      members.map((runtime) =>
        runtime.runPromise(Effect.flatMap(Truce.Truce, ({ breaker }) => breaker.state("outage")))
      )
    )
  while ((await statuses()).some(({ status }) => status === "Closed")) {
    if (failed > 0 && firstFailure === 0) firstFailure = performance.now()
    await sleep(2)
  }
  const openMillis = performance.now() - firstFailure
  const absorbed = failed
  await sleep(seconds * 1_000 - (performance.now() - start))
  admittedOpen = failed - absorbed
  isDown = false
  const back = performance.now()
  while ((await statuses()).some(({ status }) => status !== "Closed")) await sleep(10)
  clearInterval(timer)
  say(
    `an outage of ${seconds} s, 20 processes, 100 calls/s: ${failed} failed attempts, ${absorbed} before it was open everywhere (${openMillis.toFixed(0)} ms after the first failure), ${admittedOpen} after; closed everywhere ${((performance.now() - back) / 1_000).toFixed(1)} s after its end`
  )
  for (const runtime of members) await runtime.dispose()
}

const evaluated = async (): Promise<number> =>
  Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info("commandstats"))?.[1] ?? 0)

const commands = async (): Promise<void> => {
  for (const size of [1, 20]) {
    const members = Array.from({ length: size }, (_, i) => ManagedRuntime.make(shared({ process: `web-${i}` })))
    const call = Effect.succeed("hello").pipe(Truce.protect({ key: `commands-${size}`, classify }))
    for (const runtime of members) await runtime.runPromise(call)
    await sleep(1_000)
    const seconds = 10
    const before = await evaluated()
    const timer = setInterval(() => members.forEach((runtime) => void runtime.runPromise(call)), 20)
    await sleep(seconds * 1_000)
    clearInterval(timer)
    const rate = ((await evaluated()) - before) / seconds / size
    say(`${size} processes, one healthy key, 50 calls/s each: ${rate.toFixed(1)} script calls a second from each`)
    for (const runtime of members) await runtime.dispose()
  }
}

const usedMemory = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1] ?? 0)

const bytes = async (): Promise<void> => {
  const keys = 100_000
  const runtime = ManagedRuntime.make(shared())
  const service = await runtime.runPromise(
    Effect.map(Effect.context<Truce.Truce>(), (context) => Context.get(context, Truce.Truce))
  )
  const call = Effect.ignore(Effect.fail(new Refused()).pipe(Truce.protect({ key: "key-of-a-usual-length", classify })))
  await runtime.runPromise(call)
  while ((await client.exists(`${prefix}key-of-a-usual-length`)) === 0) await sleep(50)
  const record = (await client.get(`${prefix}key-of-a-usual-length`)) ?? ""
  await runtime.runPromise(service.breaker.state("key-of-a-usual-length"))
  const before = await usedMemory()
  for (let i = 0; i < keys; i += 1_000) {
    const batch = client.pipeline()
    for (let j = i; j < i + 1_000; j++)
      batch.set(`${prefix}key-of-a-usual-${String(j).padStart(6, "0")}`, record, "PX", 3_600_000)
    await batch.exec()
  }
  say(
    `${keys} keys with such a record: ${(((await usedMemory()) - before) / keys).toFixed(0)} bytes of Redis each; the record has ${record.length}`
  )
  await runtime.dispose()
}

const parts: { readonly [name: string]: () => Promise<void> } = {
  latency,
  outage: () => outage(60),
  commands,
  bytes
}
const chosen = process.argv.slice(2).filter((name) => name in parts)
for (const name of chosen.length === 0 ? Object.keys(parts) : chosen) await parts[name]?.()
const left = await client.keys(`${prefix}*`)
for (let i = 0; i < left.length; i += 10_000) await client.unlink(left.slice(i, i + 10_000))
client.disconnect()

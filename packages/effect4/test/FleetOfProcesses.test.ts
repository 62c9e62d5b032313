import { Effect } from "effect"
import { describe, expect } from "vitest"
import type { Start } from "./fleetMessages.ts"
import {
  type Worker,
  anyRedis,
  freshPrefix,
  holds,
  looking,
  overlapping,
  ownRedis,
  programOfEffect3,
  proxy,
  target,
  test,
  until,
  worker
} from "./fleetSupport.ts"

const key = "users-api"
const hour = 3_600_000

/** Shorter open times than the defaults, for tests that go through several. */
const circuit: Start["circuit"] = { openFor: "200 millis", maxOpenFor: "800 millis" }

type Member = Partial<Start> & { readonly file?: string }

const fleet = (url: string, port: number, starts: ReadonlyArray<Member>) => {
  const prefix = freshPrefix()
  return Effect.gen(function* () {
    const client = yield* looking(url, prefix)
    const workers = yield* Effect.forEach(
      starts,
      ({ file, ...start }, i) =>
        worker({ name: `web-${i}`, key, redis: url, prefix, target: port, circuit: circuit ?? {}, ...start }, file),
      { concurrency: 2 }
    )
    return { record: Effect.promise(async () => (await client.get(`${prefix}${key}`)) ?? undefined), workers }
  })
}

const rate = (workers: ReadonlyArray<Worker>, perSecond: number) =>
  Effect.forEach(workers, (one) => one.rate(perSecond), { discard: true })

const all = (workers: ReadonlyArray<Worker>, status: string) =>
  holds(`all are ${status}`, () => workers.every((one) => one.status() === status))

const conditions = (workers: ReadonlyArray<Worker>, condition: string) =>
  until(
    `all find Redis ${condition}`,
    Effect.map(
      Effect.forEach(workers, (one) => one.state),
      (states) => (states.every((state) => state.condition === condition) ? true : undefined)
    )
  )

const wrong = (workers: ReadonlyArray<Worker>) => workers.flatMap((one) => one.of("Wrong"))

const logs = (one: Worker) => one.of("Log").map(({ level, text }) => `${level.toUpperCase()} ${text.split(":")[0]}`)

/** One bad host moves nobody else; a bad server opens for all, with one probe at a time, until it is well. */
const judgeTogether = (url: string, starts: ReadonlyArray<Member>) =>
  Effect.gen(function* () {
    const server = yield* target
    const { record, workers } = yield* fleet(url, server.port, starts)
    const [bad, ...others] = workers
    if (bad === undefined) throw new Error("no process")
    yield* rate(workers, 20)
    yield* holds("forty calls", () => server.asked.length >= 40)

    yield* bad.bad(true)
    yield* holds("it has opened its own circuit", () => bad.status() === "Open")
    const before = server.asked.length
    yield* holds("the others have gone on for a while", () => server.asked.length >= before + 60)
    expect(others.flatMap((one) => one.of("Moved"))).toEqual([])
    yield* bad.bad(false)
    yield* all(workers, "Closed")

    server.become("no")
    yield* all(workers, "Open")
    const opened = server.asked.length
    yield* holds("some probes", () => server.asked.length >= opened + 4)
    server.become("yes")
    yield* all(workers, "Closed")
    expect(overlapping(workers)).toBe(0)
    expect(wrong(workers)).toEqual([])
    expect(workers.flatMap(logs)).toEqual([])
    expect(yield* record).toMatch(/^\{"v":1,/)
    yield* Effect.forEach(workers, (one) => one.stop, { concurrency: "unbounded" })
  })

describe("processes", () => {
  test("judge one server together", anyRedis, ({ url }) => judgeTogether(url, [{}, {}, {}, {}]))

  test("of Effect 3 and Effect 4 judge one key together, whatever their clocks say", anyRedis, ({ url }) =>
    judgeTogether(url, [
      {},
      { file: programOfEffect3, skewMillis: hour },
      {},
      { file: programOfEffect3, skewMillis: -hour }
    ])
  )
})

describe("a process that is killed", () => {
  test("while it holds the lease of a probe frees it when the lease ends, and not before", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const server = yield* target
      const start: Member = { circuit: { ...circuit, lease: "1 second" } }
      const { workers } = yield* fleet(url, server.port, [start, start, start])
      server.become("no")
      yield* rate(workers, 20)
      yield* all(workers, "Open")
      server.become("hold")
      yield* holds("a probe", () => server.held.length === 1)
      const [first] = server.held
      const [holder, ...others] = [...workers].sort((one) => (one.name === first?.name ? -1 : 1))
      const askedAt = server.asked.at(-1)?.at ?? 0
      yield* holder?.kill ?? Effect.void
      yield* holds("another probe", () => server.held.length === 2)
      expect((server.asked.at(-1)?.at ?? 0) - askedAt).toBeGreaterThan(950)
      server.become("yes")
      server.held[1]?.answer("yes")
      yield* all(others, "Closed")
      expect(wrong(workers)).toEqual([])
    })
  )
})

describe("a Redis", () => {
  test("that is killed and comes back is missed once, found again once, and never waited for", ownRedis, (redis) =>
    Effect.gen(function* () {
      const server = yield* target
      const { record, workers } = yield* fleet(redis.url, server.port, [{}, {}, {}])
      yield* rate(workers, 20)
      yield* holds("calls", () => server.asked.length >= 30)
      yield* redis.kill
      yield* conditions(workers, "down")
      const before = server.asked.length
      yield* holds("calls go on", () => server.asked.length >= before + 60)
      server.become("no")
      yield* all(workers, "Open")
      yield* redis.restart
      yield* conditions(workers, "up")
      server.become("yes")
      yield* all(workers, "Closed")
      yield* until("the key is shared again", record)
      server.become("no")
      yield* all(workers, "Open")
      expect(wrong(workers)).toEqual([])
      for (const one of workers) {
        expect(logs(one)).toEqual(["WARN the store is down", "INFO the store serves again"])
      }
    })
  )

  test("that some do not reach leaves those to judge alone, and the others to judge together", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const server = yield* target
      const way = yield* proxy(url)
      const { workers } = yield* fleet(
        url,
        server.port,
        [way.url, way.url, url, url].map((redis) => ({ redis, fleet: { timeout: "300 millis" } }))
      )
      const [cut, linked] = [workers.slice(0, 2), workers.slice(2)]
      yield* rate(workers, 20)
      yield* holds("calls", () => server.asked.length >= 40)
      way.stall(true)
      yield* conditions(cut, "slow")
      yield* conditions(linked, "up")
      server.become("no")
      yield* all(workers, "Open")
      server.become("yes")
      yield* all(workers, "Closed")
      way.stall(false)
      yield* conditions(cut, "up")
      server.become("no")
      yield* all(workers, "Open")
      expect(overlapping(linked)).toBe(0)
      expect(wrong(workers)).toEqual([])
    })
  )
})

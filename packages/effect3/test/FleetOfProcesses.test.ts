import { Effect } from "effect"
import { describe, expect } from "vitest"
import {
  type Worker,
  all,
  anyRedis,
  fleet,
  holds,
  logs,
  overlapping,
  ownRedis,
  probesOf,
  proxy,
  rate,
  shortly,
  target,
  test,
  until,
  wrong
} from "./fleetSupport.ts"

const hour = 3_600_000

const now = () => performance.timeOrigin + performance.now()

/** By the end of the first probe nothing is on its way any more that was admitted before the opening. */
const firstProbe = (workers: ReadonlyArray<Worker>, after: number) =>
  holds("the end of a probe", () => probesOf(workers).some(({ at, end }) => at > after && end !== undefined))

const conditions = (workers: ReadonlyArray<Worker>, condition: string) =>
  until(
    `all find Redis ${condition}`,
    Effect.map(
      Effect.forEach(workers, (one) => one.state),
      (states) => (states.every((state) => state.condition === condition) ? true : undefined)
    )
  )

describe("20 processes", () => {
  test("judge one server together, whatever their clocks say", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const server = yield* target
      const { workers } = yield* fleet(20, url, server.port, (i) => ({
        skewMillis: [0, hour, -hour][i % 3] ?? 0,
        circuit: { ...shortly, maxOpenFor: "300 millis" }
      }))
      const [bad, ...others] = workers
      if (bad === undefined) throw new Error("no process")
      yield* rate(workers, 5)
      yield* holds("a hundred calls", () => server.asked.length >= 100)

      // One host is bad.
      yield* bad.bad(true)
      yield* holds("it has opened its own circuit", () => bad.status() === "Open")
      yield* holds("the others have gone on for a while", () => server.asked.length >= 250)
      expect(others.flatMap((one) => one.of("Moved"))).toEqual([])
      yield* bad.bad(false)
      yield* all(workers, "Closed")

      // The server is.
      const [before, beganAt] = [server.asked.length, now()]
      server.become("no")
      yield* all(workers, "Open")
      const openedAt = workers.map(
        (one) => one.of("Moved").find(({ at, to }) => to === "Open" && at > beganAt)?.at ?? NaN
      )
      const outage = () => probesOf(workers).filter(({ at }) => at > beganAt)
      yield* firstProbe(workers, beganAt)
      const [asked, probes] = [server.asked.length, outage().length]
      yield* holds("five probes", () => outage().length >= 5)
      const failed = server.asked.length - before
      // How fast depends on the machine: that it is within a second is asserted where time is virtual.
      const millis = Math.round(Math.max(...openedAt) - beganAt)
      console.log(`20 processes, 100 calls/s: ${failed} failed attempts and 5 probes, open everywhere in ${millis} ms`)
      expect(failed).toBeLessThanOrEqual(196)
      // A probe may be heard of after the server was asked.
      yield* holds("nothing but probes", () => server.asked.length - asked <= outage().length - probes)

      server.become("yes")
      yield* all(workers, "Closed")
      expect(overlapping(workers)).toBe(0)
      expect(wrong(workers)).toEqual([])
      expect(workers.flatMap(logs)).toEqual([])
      yield* Effect.forEach(workers, (one) => one.stop, { concurrency: "unbounded" })
    })
  )
})

describe("a process that is killed", () => {
  test("while it holds the lease of a probe frees it when the lease ends, and not before", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const server = yield* target
      const { workers } = yield* fleet(3, url, server.port, () => ({ circuit: { ...shortly, lease: "1 second" } }))
      server.become("no")
      yield* rate(workers, 20)
      yield* firstProbe(workers, 0)
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

describe("a process that ends", () => {
  test("tells what it has not told yet", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const server = yield* target
      const { record, workers } = yield* fleet(1, url, server.port, () => ({ fleet: { flushEvery: "1 hour" } }))
      const [one] = workers
      server.become("no")
      const failures = Effect.map(record, (text) => {
        const { circuit } = JSON.parse(text ?? `{"circuit":{"traffic":{"failures":0}}}`)
        return Math.round(circuit.traffic.failures)
      })
      yield* one?.attempt ?? Effect.void
      yield* until(
        "what a process sees first is told at once",
        Effect.map(failures, (count) => (count === 1 ? count : undefined))
      )
      yield* one?.attempt ?? Effect.void
      expect(yield* failures).toBe(1)
      yield* one?.stop ?? Effect.void
      expect(yield* failures).toBe(2)
    })
  )
})

describe("a Redis", () => {
  test("that is killed and comes back is missed once, found again once, and never waited for", ownRedis, (redis) =>
    Effect.gen(function* () {
      const server = yield* target
      const { record, workers } = yield* fleet(3, redis.url, server.port)
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
      const { workers } = yield* fleet(4, url, server.port, (i) => ({
        redis: i < 2 ? way.url : url,
        fleet: { timeout: "300 millis" }
      }))
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

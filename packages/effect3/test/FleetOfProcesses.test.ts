import { it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { describe, expect } from "vitest"
import {
  type Worker,
  anyRedis,
  freshPrefix,
  holds,
  looking,
  overlapping,
  probesOf,
  target,
  until,
  worker
} from "./fleetSupport.ts"

const key = "users-api"

const test = (name: string, body: () => Effect.Effect<void, unknown, Scope.Scope>) =>
  anyRedis === undefined
    ? it.skip(name)
    : it.scopedLive(name, () => Effect.orDie(body()), 60_000)

if (anyRedis === undefined) console.log("no Redis (REDIS_URL, port 6379, or a redis-server to start): tests with one are skipped")

const redis = Effect.suspend(() => anyRedis ?? Effect.dieMessage("no Redis"))

const all = (workers: ReadonlyArray<Worker>, status: string) =>
  holds(`all are ${status}`, () => workers.every((one) => one.status() === status))

describe("20 processes", () => {
  test("share one judgement of one server", () =>
    Effect.gen(function* () {
      const { url } = yield* redis
      const prefix = freshPrefix()
      const server = yield* target
      const client = yield* looking(url, prefix)
      const t0 = Date.now()
      const workers = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, i) => `web-${i}`),
        (name, i) =>
          worker({
            name,
            key,
            redis: url,
            prefix,
            target: server.port,
            skewMillis: i % 3 === 1 ? 3_600_000 : i % 3 === 2 ? -3_600_000 : 0
          }),
        { concurrency: "unbounded" }
      )
      console.log("started", Date.now() - t0)
      yield* Effect.forEach(workers, (one) => one.rate(5), { discard: true })
      yield* holds("100 calls", () => server.asked.length >= 100)
      const [bad] = workers
      if (bad === undefined) return
      yield* bad.bad(true)
      yield* holds("bad opened", () => bad.status() === "Open")
      yield* holds("100 calls", () => server.asked.length >= 300)
      console.log("bad", Date.now() - t0, workers.map((one) => one.status()).join(" "))
      console.log(yield* Effect.promise(() => client.get(`${prefix}${key}`)))
      expect(workers.slice(1).flatMap((one) => one.of("Moved"))).toEqual([])
      yield* bad.bad(false)
      yield* all(workers, "Closed")
      // The outage
      const before = server.asked.length
      const beganAt = performance.timeOrigin + performance.now()
      server.become("no")
      yield* all(workers, "Open")
      const openedAt = workers.map((one) => one.of("Moved").filter(({ to, at }) => to === "Open" && at >= beganAt)[0]?.at ?? 0)
      console.log("opened after", Math.min(...openedAt) - beganAt, Math.max(...openedAt) - beganAt, "asked", server.asked.length - before)
      yield* Effect.sleep(8_000)
      const outage = Date.now()
      console.log("asked in outage", server.asked.length - before, "probes", probesOf(workers).filter(({ at }) => at > beganAt).length, "overlapping", overlapping(workers))
      server.become("yes")
      yield* all(workers, "Closed")
      console.log("closed after", Date.now() - outage)
      expect(workers.flatMap((one) => one.of("Wrong"))).toEqual([])
      console.log(workers.flatMap((one) => one.of("Log")))
      yield* Effect.forEach(workers, (one) => one.stop, { concurrency: "unbounded" })
      console.log("ended", Date.now() - t0)
    }))
})

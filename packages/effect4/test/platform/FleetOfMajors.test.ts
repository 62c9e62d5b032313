import { Effect } from "effect"
import { describe, expect } from "vitest"
import { all, anyRedis, fleet, holds, logs, overlapping, rate, target, test, wrong } from "../fleetSupport.ts"

const hour = 3_600_000

/** The same program on Effect 3. */
const source = new URL("../../../effect3/test/fleetProcess.ts", import.meta.url)

describe("processes", () => {
  test("of Effect 3 and Effect 4 judge one key together, whatever their clocks say", anyRedis, ({ url }) =>
    Effect.gen(function* () {
      const server = yield* target
      const { record, workers } = yield* fleet(4, url, server.port, (i) =>
        i % 2 === 0 ? {} : { source, skewMillis: i === 1 ? hour : -hour }
      )
      const [bad, ...others] = workers
      if (bad === undefined) throw new Error("no process")
      yield* rate(workers, 20)
      yield* holds("forty calls", () => server.asked.length >= 40)

      // One bad host moves nobody else.
      yield* bad.bad(true)
      yield* holds("it has opened its own circuit", () => bad.status() === "Open")
      const before = server.asked.length
      yield* holds("the others have gone on for a while", () => server.asked.length >= before + 60)
      expect(others.flatMap((one) => one.of("Moved"))).toEqual([])
      yield* bad.bad(false)
      yield* all(workers, "Closed")

      // A bad server opens for all, with one probe at a time, until it is well.
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
  )
})

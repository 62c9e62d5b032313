import { CircuitBreaker, Truce } from "@truce/effect3"
import { Deferred, Effect, Exit, Fiber, Random } from "effect"
import { describe, expect } from "vitest"
import { composed } from "../platform/Composing.ts"
import { interruptNow } from "../platform/Fibers.ts"
import { Unsendable, answering, classify, key, settled, statusOf, steady } from "../support.ts"
import {
  by,
  admitsAtOnce,
  all,
  dependency,
  ending,
  execute,
  exits,
  hops,
  opening,
  probing,
  tally,
  yielding
} from "./support.ts"

const wait = { whenOpen: "wait", deadline: "1 hour", jitter: "none" } as const

const gate = (permits: number) => by(() => steady({ circuit: { permits } }))

describe("a half-open gate", () => {
  gate(3)("of 3 lets 3 of 10,000 fibers through at once, rejects all others and closes", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const answer = yield* Deferred.make<void>()
      const { effect, seen } = dependency(Deferred.await(answer))
      const fibers = yield* all(10_000, () => execute(effect))
      yield* settled
      expect((yield* CircuitBreaker.state(key)).probes).toBe(3)
      yield* Deferred.succeed(answer, undefined)
      const ends = tally((yield* exits(fibers)).map((exit) => (Exit.isSuccess(exit) ? exit.value._tag : "defect")))
      expect(ends).toEqual({ Success: 3, Failure: 9_997 })
      expect(seen).toEqual({ begun: 3, now: 0, most: 3 })
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", probes: 0 })
    })
  )

  gate(3)("of 3 is never wider than 3 for fibers that come at any time and stop at any time", (clock) =>
    Effect.gen(function* () {
      for (let round = 0; round < 100; round++) {
        const of = `key-${round}`
        yield* probing(clock, of)
        if (round % 2 === 0) yield* composed(of)
        // A probe that says nothing: the circuit stays half-open.
        const { effect, seen } = dependency(Effect.zipRight(hops(9), Effect.fail(new Unsendable())))
        const fibers = yield* all(30, (index) => yielding(round * 30 + index)(execute(effect, of)))
        yield* hops(60)
        yield* Fiber.interruptAll(fibers.filter((_, index) => index % 2 === 0))
        yield* exits(fibers)
        expect(seen.most).toBeLessThanOrEqual(3)
        expect(seen.now).toBe(0)
        expect(yield* CircuitBreaker.state(of)).toMatchObject({ probes: 0 })
        expect(yield* admitsAtOnce(of)).toBe(true)
      }
    })
  )
})

describe("calls that wait for an admission", () => {
  gate(3)("4,000 of them are probes 3 at a time, and all succeed once the circuit has closed", (clock) =>
    Effect.gen(function* () {
      yield* opening()
      let probes = 0
      let most = 0
      const { effect } = dependency(
        Effect.gen(function* () {
          const isProbe = (yield* statusOf()) === "HalfOpen"
          if (isProbe) most = Math.max(most, ++probes)
          yield* Effect.yieldNow()
          if (isProbe) probes--
        })
      )
      const fibers = yield* all(4_000, () => Truce.protect(effect, { key, classify, retry: wait }))
      yield* settled
      yield* clock.advance(1_000)
      expect(tally((yield* exits(fibers)).map(ending))).toEqual({ success: 4_000 })
      expect(most).toBeGreaterThan(0)
      expect(most).toBeLessThanOrEqual(3)
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", probes: 0 })
    })
  )

  gate(3)("all get their turn where probes say nothing and the circuit never closes", (clock) =>
    Effect.gen(function* () {
      yield* opening()
      const { effect, seen } = dependency(Effect.zipRight(Effect.yieldNow(), Effect.fail(new Unsendable())))
      const fibers = yield* all(2_000, () => Truce.protect(effect, { key, classify, retry: wait }))
      yield* settled
      yield* clock.advance(1_000)
      expect(tally((yield* exits(fibers)).map(ending))).toEqual({ Unsendable: 2_000 })
      expect(seen).toEqual({ begun: 2_000, now: 0, most: 3 })
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "HalfOpen", probes: 0 })
    })
  )

  gate(1)("pass their turn on wherever they are interrupted: nobody is left waiting for a free permit", (clock) =>
    Effect.gen(function* () {
      for (let round = 0; round < 150; round++) {
        const of = `key-${round}`
        yield* opening(of)
        const { effect, seen } = dependency(Effect.zipRight(hops(12), Effect.fail(new Unsendable())))
        const fibers = yield* all(12, (index) =>
          yielding(round * 12 + index, 20)(Truce.protect(effect, { key: of, classify, retry: wait }))
        )
        yield* hops(40)
        yield* clock.advance(1_000)
        for (const fiber of fibers) {
          yield* hops(12)
          if (yield* Random.nextBoolean) interruptNow(fiber)
        }
        // No time passes: whoever is left is called by those before, not by a timer.
        const ends = tally((yield* exits(fibers)).map(ending))
        expect(Object.keys(ends).filter((end) => end !== "Unsendable" && end !== "interrupted")).toEqual([])
        expect(seen.most).toBeLessThanOrEqual(1)
        expect(yield* CircuitBreaker.state(of)).toMatchObject({ probes: 0 })
      }
    })
  )

  gate(1)("go on when the lease of a probe that never returns ends", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const hung = yield* Effect.fork(execute(Effect.never))
      yield* settled
      const fibers = yield* all(100, () => Truce.protect(answering, { key, classify, retry: wait }))
      yield* settled
      yield* clock.advance(9_999)
      expect((yield* CircuitBreaker.state(key)).probes).toBe(1)
      yield* clock.advance(1)
      expect(tally((yield* exits(fibers)).map(ending))).toEqual({ success: 100 })
      expect(yield* statusOf()).toBe("Closed")
      yield* Fiber.interrupt(hung)
      expect(yield* statusOf()).toBe("Closed")
    })
  )

  gate(1)("give up at their deadline while a hung probe holds the only permit, and leave nothing behind", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      yield* Effect.fork(execute(Effect.never))
      yield* settled
      const retry = { ...wait, deadline: "1 second" } as const
      const fibers = yield* all(100, () => Truce.protect(answering, { key, classify, retry }))
      yield* settled
      yield* clock.advance(1_000)
      expect(tally((yield* exits(fibers)).map(ending))).toEqual({ CircuitOpen: 100 })
      yield* clock.advance(9_000)
      expect(yield* admitsAtOnce()).toBe(true)
    })
  )
})

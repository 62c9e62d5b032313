// A transaction of Effect 4 is what runs in it: whole attempts, and reads of what is shared.
import { CircuitBreaker, HealthScore } from "@truce/effect4"
import { Effect, Exit, Fiber, Layer } from "effect"
import { describe, expect } from "vitest"
import { admitsAtOnce, all, by, dependency, execute, exits, hops, probing, yielding } from "../attack/support.ts"
import { Unsendable, key, on, peek, settled, steady, trip } from "../support.ts"

type Services = CircuitBreaker.CircuitBreaker | HealthScore.HealthScore

const permits = 3

describe("transactions of the user's among fast attempts", () => {
  const it = by(() => steady({ circuit: { permits } }))

  it("hold no permit for the attempts made in them, whatever becomes of either", (clock) =>
    Effect.gen(function* () {
      const ends = { committed: 0, undone: 0 }
      for (let round = 0; round < 60; round++) {
        const of = `key-${round}`
        yield* probing(clock, of)
        const { effect, seen } = dependency(Effect.andThen(hops(6), Effect.fail(new Unsendable())))
        const fibers = yield* all(18, (index) => {
          const attempt = execute(effect, of)
          const inside = Effect.tap(attempt, () => (index % 3 === 1 ? Effect.fail("no") : Effect.void))
          return yielding(round * 18 + index)(index % 3 === 2 ? attempt : Effect.tx(inside))
        })
        yield* hops(120)
        yield* Fiber.interruptAll(fibers.filter((_, index) => index % 2 === 0))
        for (const exit of yield* exits(fibers)) ends[Exit.isSuccess(exit) ? "committed" : "undone"]++
        expect(seen.now).toBe(0)
        expect(yield* CircuitBreaker.state(of)).toMatchObject({ probes: 0 })
        expect(yield* admitsAtOnce(of)).toBe(true)
      }
      expect(Math.min(ends.committed, ends.undone)).toBeGreaterThan(100)
    }))

  it("are over for the fibers forked in them: each of their attempts commits by itself", (clock) =>
    Effect.gen(function* () {
      let begun = 0
      for (let round = 0; round < 40; round++) {
        const of = `key-${round}`
        yield* probing(clock, of)
        const { effect, seen } = dependency(Effect.andThen(hops(6), Effect.fail(new Unsendable())))
        const fibers = yield* Effect.tx(
          Effect.forEach(Array.from({ length: 24 }).keys(), (index) =>
            Effect.forkDetach(
              yielding(round * 24 + index)(
                Effect.andThen(Effect.yieldNow, Effect.repeat(execute(effect, of), { times: 3 }))
              )
            )
          )
        )
        yield* hops(90)
        yield* Fiber.interruptAll(fibers.slice(0, 6))
        yield* exits(fibers)
        expect(seen.most).toBeLessThanOrEqual(permits)
        begun += seen.begun
        expect((yield* CircuitBreaker.state(of)).probes).toBe(0)
        expect(yield* admitsAtOnce(of)).toBe(true)
      }
      expect(begun).toBeGreaterThan(2 * 40 * permits)
    }))
})

describe("a composed transaction", () => {
  const it = on(() => CircuitBreaker.layer({ openJitter: 0 }).pipe(Layer.provideMerge(HealthScore.layer())))

  const reached: ReadonlyArray<readonly [string, Effect.Effect<boolean, never, Services>]> = [
    ["state", Effect.map(CircuitBreaker.state(key), ({ status }) => status === "Open")],
    ["score", Effect.map(HealthScore.get(key), ({ score }) => score < 0.1)]
  ]
  for (const [of, isReached] of reached) {
    it(`waits for the ${of} of a key that nobody has used, and is woken when it is reached`, () =>
      Effect.gen(function* () {
        const waiting = yield* Effect.forkChild(
          Effect.tx(Effect.flatMap(isReached, (is) => (is ? Effect.void : Effect.txRetry)))
        )
        yield* settled
        yield* trip()
        expect((yield* peek(waiting))._tag).toBe("Some")
      }))
  }
})

import { it } from "@effect/vitest"
import { CircuitBreaker, HealthScore, PolicyConflict, Truce } from "@truce/effect3"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { describe, expect } from "vitest"
import { withClock } from "../platform/Clocks.ts"
import { defectOf } from "../platform/Exits.ts"
import { hasEnded } from "../platform/Fibers.ts"
import { answering, classify, failing, key, settled, statusOf, steady } from "../support.ts"
import { all, by, ending, execute, exits, hand, opening, tally } from "./support.ts"

describe("a layer", () => {
  it.effect("that is built twice gives circuits of their own", () =>
    Effect.gen(function* () {
      yield* Effect.provide(opening(), Layer.fresh(steady()))
      expect(yield* Effect.provide(statusOf(), Layer.fresh(steady()))).toBe("Closed")
    })
  )

  it.effect("inside another rules what is inside it, and leaves what is outside to the other", () =>
    Effect.gen(function* () {
      const attempts = () => {
        let sent = 0
        const call = Truce.protect(
          Effect.suspend(() => (sent++, failing)),
          { key, classify }
        )
        return Effect.map(Effect.exit(call), () => sent)
      }
      const inside = Effect.provide(attempts(), steady({ retry: { attempts: 2, base: "0 millis" } }))
      const both = Effect.provide(Effect.all([inside, attempts()]), steady({ retry: { attempts: 1 } }))
      expect(yield* both).toEqual([2, 1])
    })
  )

  it.effect("that is shared gives the same circuits to all", () =>
    Effect.gen(function* () {
      const shared = steady()
      const left = Layer.effectDiscard(opening()).pipe(Layer.provide(shared))
      yield* Effect.provide(
        Effect.map(statusOf(), (status) => expect(status).toBe("Open")),
        Layer.provideMerge(left, shared)
      )
    })
  )

  const two = (mine: CircuitBreaker.Options) =>
    Effect.gen(function* () {
      const breaker = yield* CircuitBreaker.make(mine)
      yield* execute(answering)
      return yield* Effect.flatten(Effect.provideService(execute(answering), CircuitBreaker.CircuitBreaker, breaker))
    }).pipe(
      Effect.provide(CircuitBreaker.layer({ permits: 2 }).pipe(Layer.provideMerge(HealthScore.layer()))),
      Effect.exit,
      Effect.map((exit) =>
        Exit.isFailure(exit) ? defectOf(exit) instanceof PolicyConflict.PolicyConflict : exit.value
      )
    )
  it.effect("of a second breaker on one score dies with PolicyConflict on a key it would rule otherwise", () =>
    Effect.gen(function* () {
      expect(yield* two({ permits: 3 })).toBe(true)
      expect(yield* two({ permits: 2 })).toBe("hello")
    })
  )
})

describe("a layer that is released", () => {
  const clock = hand()
  const released = <A, E, B, E2>(
    before: Effect.Effect<A, E, Truce.Services>,
    after: (begun: A) => Effect.Effect<B, E2, Truce.Services>
  ) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(steady(), scope)
      const begun = yield* Effect.provide(before, services)
      yield* settled
      yield* Scope.close(scope, Exit.void)
      return yield* Effect.provide(after(begun), services)
    }).pipe(withClock(clock))

  const wait = { whenOpen: "wait", deadline: "1 hour" } as const
  const waiting = all(100, () => Truce.protect(answering, { key, classify, retry: wait }))

  it.live("ends the calls that wait for an admission: nobody would call them", () =>
    released(Effect.zipRight(opening(), waiting), (fibers) =>
      Effect.gen(function* () {
        expect(tally((yield* exits(fibers)).map(ending))).toEqual({ CircuitOpen: 100 })
      })
    )
  )

  it.live("ends calls that come to wait later, and admits them when the open time is over", () =>
    released(opening(), () =>
      Effect.gen(function* () {
        expect(tally((yield* exits(yield* waiting)).map(ending))).toEqual({ CircuitOpen: 100 })
        yield* clock.advance(1_000)
        const fiber = yield* Effect.fork(Truce.protect(answering, { key, classify, retry: wait }))
        expect(ending(yield* Fiber.await(fiber))).toBe("success")
      })
    )
  )

  it.live("wakes no call asleep in backoff, which goes on by itself", () => {
    let attempts = 0
    const effect = Effect.suspend(() => (attempts++ === 0 ? failing : answering))
    return released(Effect.fork(Truce.protect(effect, { key, classify })), (fiber) =>
      Effect.gen(function* () {
        yield* settled
        expect(hasEnded(fiber)).toBe(false)
        yield* clock.advance(1_000)
        expect(yield* Fiber.join(fiber)).toBe("hello")
      })
    )
  })

  it.live("leaves no timer behind", () =>
    released(Effect.zipRight(opening(), waiting), (fibers) =>
      Effect.gen(function* () {
        yield* exits(fibers)
        expect(clock.sleepers()).toBe(0)
      })
    )
  )
})

describe("calls that wait", () => {
  by(() => steady())("share one timer, however many they are", (clock) =>
    Effect.gen(function* () {
      yield* opening()
      const retry = { whenOpen: "wait", deadline: "1 hour" } as const
      const fibers = yield* all(1_000, () => Truce.protect(answering, { key, classify, retry }))
      yield* settled
      expect(clock.sleepers()).toBe(1)
      yield* clock.advance(500)
      yield* exits(fibers)
      yield* clock.advance(10_000)
      expect(clock.sleepers()).toBe(0)
    })
  )

  by(() => steady())("leave none once they are interrupted and the open time is over", (clock) =>
    Effect.gen(function* () {
      yield* opening()
      const retry = { whenOpen: "wait", deadline: "1 hour" } as const
      const fibers = yield* all(1_000, () => Truce.protect(answering, { key, classify, retry }))
      yield* settled
      yield* Fiber.interruptAll(fibers)
      yield* clock.advance(500)
      expect(clock.sleepers()).toBe(0)
    })
  )
})

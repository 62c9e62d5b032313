import { CircuitBreaker, Classifier, HealthModel, Outcome, RetryBudget, Truce } from "@truce/effect3"
import { Effect, Exit, Fiber, Random } from "effect"
import { describe, expect } from "vitest"
import { composed } from "../platform/Composing.ts"
import { interruptNow } from "../platform/Fibers.ts"
import { Unsendable, Timeout, answering, classify, failing, key, settled, steady } from "../support.ts"
import { admitsAtOnce, all, by, dependency, ending, execute, exits, hops, probing, tally, yielding } from "./support.ts"

const tolerant = HealthModel.ledger({ minFailures: 1e9, guardMillis: 0 })

describe("calls that are interrupted anywhere", () => {
  by(() => steady({ circuit: { permits: 3 } }))(
    "hold no permit: a half-open circuit admits at once, without waiting for a lease",
    (clock) =>
      Effect.gen(function* () {
        const ends: Array<string> = []
        const stages = { refused: 0, running: 0, done: 0 }
        for (let round = 0; round < 100; round++) {
          const of = `key-${round}`
          yield* probing(clock, of)
          if (round % 2 === 0) yield* composed(of)
          const kinds = [Effect.fail(new Unsendable()), Effect.interrupt, Effect.never, Effect.die("broken")]
          const { effect, seen } = dependency(
            Effect.zipRight(
              hops(6),
              Effect.flatMap(Random.nextIntBetween(0, 4), (kind) => kinds[kind] ?? Effect.never)
            )
          )
          const fibers = yield* all(24, (index) => {
            const whenOpen = index % 3 === 0 ? "wait" : "stop"
            const retry = { attempts: 3, base: "1 millis", jitter: "none", whenOpen, deadline: "1 second" } as const
            return yielding(round * 24 + index)(Truce.protect(effect, { key: of, classify, retry }))
          })
          yield* hops(90)
          if (round % 4 === 0) yield* clock.advance(1)
          stages.running += seen.now
          yield* Fiber.interruptAll(fibers)
          ends.push(...(yield* exits(fibers)).map(ending))
          expect(seen.most).toBeLessThanOrEqual(3)
          expect(seen.now).toBe(0)
          expect((yield* CircuitBreaker.state(of)).probes).toBe(0)
          // A defect of a probe may have opened it again.
          if ((yield* CircuitBreaker.state(of)).status === "HalfOpen") {
            stages.done++
            expect(yield* admitsAtOnce(of)).toBe(true)
          } else stages.refused++
        }
        expect(Object.keys(tally(ends)).toSorted()).toEqual(["CircuitOpen", "Unsendable", "defect", "interrupted"])
        expect(Math.min(stages.running, stages.done, stages.refused)).toBeGreaterThan(0)
      })
  )

  by(() => steady({ model: tolerant, budget: RetryBudget.aws({ capacity: 100_000, retryCost: 1 }) }))(
    "lose no token for a retry that was not sent",
    (clock) =>
      Effect.gen(function* () {
        const truce = yield* Truce.Truce
        let sent = 0
        const ends: Array<string> = []
        for (let round = 0; round < 100; round++) {
          const fibers = yield* all(24, (index) => {
            let attempts = 0
            const counted = Effect.suspend(() => {
              if (attempts++ > 0) sent++
              return Effect.fail(new Timeout())
            })
            const retry = { attempts: 3, base: index % 2 === 0 ? "0 millis" : "1 millis", jitter: "none" } as const
            return yielding(round * 24 + index)(Truce.protect(counted, { key, classify, retry }))
          })
          yield* hops(40)
          if (round % 2 === 0) yield* clock.advance(1)
          yield* hops(40)
          if (round % 3 === 0) yield* CircuitBreaker.isolate(key, "maintenance")
          yield* hops(20)
          yield* Fiber.interruptAll(fibers)
          ends.push(...(yield* exits(fibers)).map(ending))
          yield* CircuitBreaker.reset(key, "done")
        }
        // Interrupted between its admission and the first step of its effect, a retry was sent for all one can tell.
        const spent = 100_000 - (yield* truce.budget.tokens(key))
        expect(spent - sent).toBeGreaterThanOrEqual(0)
        expect(spent - sent).toBeLessThanOrEqual(1)
        expect(Object.keys(tally(ends))).toEqual(expect.arrayContaining(["attempts", "circuit-open", "interrupted"]))
      })
  )

  by(() => steady({ circuit: { permits: 2 } }))("hold no permit of any of several circuits", (clock) =>
    Effect.gen(function* () {
      for (let round = 0; round < 100; round++) {
        const keys = [`host-${round}`, `tenant-${round}`] as const
        yield* probing(clock, keys[0])
        yield* probing(clock, keys[1])
        const { effect, seen } = dependency(Effect.zipRight(hops(6), Effect.fail(new Unsendable())))
        const fibers = yield* all(20, (index) =>
          yielding(round * 20 + index)(
            Effect.exit(
              index % 4 === 0
                ? CircuitBreaker.execute(effect, { key: keys[1], classify })
                : CircuitBreaker.executeAll(effect, { keys, classify })
            )
          )
        )
        yield* hops(80)
        yield* Fiber.interruptAll(fibers)
        expect(seen.most).toBeLessThanOrEqual(2)
        for (const of of keys) {
          expect((yield* CircuitBreaker.state(of)).probes).toBe(0)
          expect(yield* admitsAtOnce(of)).toBe(true)
        }
      }
    })
  )
})

describe("a call that is interrupted in the very moment", () => {
  let victim: Fiber.RuntimeFiber<unknown, unknown> | undefined
  const strike = () => (victim === undefined ? undefined : interruptNow(victim))
  const struck = <A, E, R>(self: Effect.Effect<A, E, R>) =>
    Effect.gen(function* () {
      victim = yield* Effect.fork(self)
      return yield* Effect.ensuring(
        Fiber.await(victim),
        Effect.sync(() => (victim = undefined))
      )
    })

  const saturation = RetryBudget.saturation()
  const striking: typeof saturation = {
    ...saturation,
    withdraw: (tokens, failed, now) => {
      strike()
      return saturation.withdraw(tokens, failed, now)
    }
  }
  by(() => steady({ budget: striking }))("it pays for a retry gets its token back", () =>
    Effect.gen(function* () {
      const truce = yield* Truce.Truce
      const exit = yield* struck(Truce.protect(failing, { key, classify }))
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(yield* truce.budget.tokens(key)).toBe(10)
    })
  )

  const moments = {
    "its effect succeeds": Effect.sync(strike),
    "its effect fails": Effect.zipRight(Effect.sync(strike), Effect.fail(new Timeout())),
    "its effect begins": Effect.zipRight(Effect.sync(strike), Effect.never)
  }
  for (const [name, effect] of Object.entries(moments)) {
    by(() => steady())(`${name} holds no permit`, (clock) =>
      Effect.gen(function* () {
        yield* probing(clock)
        yield* struck(Truce.protect(effect, { key, classify }))
        expect((yield* CircuitBreaker.state(key)).probes).toBe(0)
      })
    )
  }

  by(() => steady())("it is classified is settled all the same", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const watched = Classifier.make<Timeout>(() => true, {
        success: () => {
          strike()
          return Outcome.success
        }
      })
      for (let probe = 0; probe < 2; probe++) {
        yield* struck(Truce.protect(Effect.succeed("hello"), { key, classify: watched }))
      }
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed", probes: 0 })
    })
  )
})

describe("a call that cannot be interrupted", () => {
  by(() => steady())("retries, sleeps and ends as any other", (clock) =>
    Effect.gen(function* () {
      let attempts = 0
      const effect = Effect.suspend(() => (attempts++ < 2 ? failing : answering))
      const fiber = yield* Effect.fork(Effect.uninterruptible(Truce.protect(effect, { key, classify })))
      yield* clock.advance(1_000)
      expect(yield* Fiber.join(fiber)).toBe("hello")
    })
  )

  by(() => steady())("may be the acquisition of a resource", (clock) =>
    Effect.gen(function* () {
      let attempts = 0
      const connect = Effect.suspend(() => (attempts++ < 1 ? failing : answering))
      const acquire = Effect.acquireRelease(Truce.protect(connect, { key, classify }), () => Effect.void)
      const fiber = yield* Effect.fork(Effect.scoped(acquire))
      yield* clock.advance(1_000)
      expect(yield* Fiber.join(fiber)).toBe("hello")
    })
  )

  by(() => steady())("ends at once when the circuit opens while it sleeps", (clock) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.uninterruptible(Truce.protect(failing, { key, classify })))
      yield* settled
      yield* CircuitBreaker.isolate(key, "maintenance")
      expect(ending(yield* Fiber.await(fiber))).toBe("circuit-open")
      yield* clock.advance(1_000)
    })
  )

  by(() => steady())("waits for its admission, and holds the end of the layer up for no timer", (clock) =>
    Effect.gen(function* () {
      yield* probing(clock)
      const hung = yield* Effect.fork(execute(Effect.never))
      yield* settled
      const retry = { whenOpen: "wait", deadline: "1 hour" } as const
      const fiber = yield* Effect.fork(Effect.uninterruptible(Truce.protect(answering, { key, classify, retry })))
      yield* settled
      yield* Fiber.interrupt(hung)
      expect(yield* Fiber.join(fiber)).toBe("hello")
    })
  )
})

import { CircuitBreaker, EventLog, HealthModel, RetryBudget, Truce } from "@truce/effect3"
import { Deferred, Effect, Fiber } from "effect"
import { describe, expect } from "vitest"
import { NotFound, answering, classify, failing, key, missing, settled, steady } from "../support.ts"
import {
  admitsAtOnce,
  all,
  by,
  dependency,
  ending,
  execute,
  exits,
  hops,
  numbers,
  opening,
  probing,
  tally,
  yielding
} from "./support.ts"

const models = [
  HealthModel.ledger(),
  HealthModel.consecutive({ failures: 3 }),
  HealthModel.countWindow({ size: 10, min: 4 }),
  HealthModel.timeWindow({ min: 4 }),
  HealthModel.additive(),
  HealthModel.ewma(),
  HealthModel.cusum(),
  HealthModel.beta()
]

const budgets = [RetryBudget.saturation(), RetryBudget.ratio(), RetryBudget.aws(), RetryBudget.unlimited()]

const mostPermits = 4

/** Any of the policies there are; the same at every run. */
const policies = (from: number): (() => Truce.Options) => {
  const next = numbers(from)
  const below = (count: number) => Math.floor(next() * count)
  const part = () => ({
    model: models[below(models.length)],
    circuit: { permits: 1 + below(mostPermits), openFor: 1 + below(200), openJitter: 0, lease: "1 hour" } as const,
    retry: { attempts: 1 + below(4), base: 1 + below(20), jitter: "none" } as const,
    budget: budgets[below(budgets.length)]
  })
  return () => ({ ...part(), overrides: { "key-*": part(), "key-1*": part(), [`key-${below(50)}`]: part() } })
}

const names = Array.from({ length: 50 }, (_, index) => `key-${index}`)

describe("reloads in a tight loop", () => {
  by(() => steady())("under 1,000 fibers on 50 keys lose no permit and no event, and raise nothing", (clock) =>
    Effect.gen(function* () {
      const events: Array<EventLog.Event> = []
      yield* EventLog.subscribe((event) => events.push(event))
      const next = policies(1)
      let reloads = 0
      const reload = Effect.suspend(() => {
        reloads++
        return Truce.reload(next())
      })
      const reloading = yield* Effect.fork(Effect.forever(Effect.zipRight(reload, Effect.yieldNow())))
      const time = yield* Effect.fork(Effect.forever(clock.advance(7)))
      const numbered = numbers(2)
      const { effect, seen } = dependency(
        Effect.zipRight(
          hops(12),
          // In the midst of an attempt too.
          Effect.zipRight(
            Effect.suspend(() => (numbered() < 0.2 ? Effect.orDie(reload) : Effect.void)),
            Effect.suspend(() => {
              const drawn = numbered()
              return drawn < 0.5 ? failing : drawn < 0.6 ? missing : answering
            })
          )
        )
      )
      const fibers = yield* all(1_000, (index) =>
        yielding(index)(
          Effect.forEach([0, 1, 2, 3, 4], (turn) =>
            Effect.exit(Truce.protect(effect, { key: `key-${(index + turn) % 50}`, classify }))
          )
        )
      )
      yield* hops(40)
      yield* Fiber.interruptAll(fibers.filter((_, index) => index % 10 === 0))
      const ends = (yield* exits(fibers.filter((_, index) => index % 10 !== 0))).flatMap((exit) =>
        exit._tag === "Success" ? exit.value.map(ending) : ["defect"]
      )
      yield* Fiber.interrupt(reloading)
      yield* Fiber.interrupt(time)

      expect(ends.length).toBe(4_500)
      expect(ends).not.toContain("defect")
      for (const end of ["success", "NotFound", "CircuitOpen", "attempts", "circuit-open"]) expect(ends).toContain(end)
      expect(reloads).toBeGreaterThan(200)
      expect(seen.now).toBe(0)

      // Each attempt is told of once at its begin and once at its end; no gate was wider than any policy ever had it.
      const running = new Map<number, string | undefined>()
      const probes = new Map<string, number>()
      const generations = new Map<string, number>()
      for (const event of events) {
        switch (event._tag) {
          case "Admitted": {
            const gate = event.probe ? `${event.key}/${event.generation}` : undefined
            running.set(event.attempt, gate)
            if (gate !== undefined) probes.set(gate, (probes.get(gate) ?? 0) + 1)
            expect(probes.get(gate ?? "") ?? 0).toBeLessThanOrEqual(mostPermits)
            break
          }
          case "Settled": {
            expect(running.has(event.attempt)).toBe(true)
            const gate = running.get(event.attempt)
            if (gate !== undefined) probes.set(gate, (probes.get(gate) ?? 0) - 1)
            running.delete(event.attempt)
            break
          }
          case "Transitioned":
            expect(event.generation).toBe((generations.get(event.key) ?? 0) + 1)
            generations.set(event.key, event.generation)
            break
          default:
        }
      }
      expect(running.size).toBe(0)
      expect(events.filter(({ _tag }) => _tag === "Called").length).toBeGreaterThanOrEqual(4_500)

      yield* Truce.reload({ budget: RetryBudget.saturation() })
      yield* clock.advance(60_000)
      for (const name of names) {
        const { generation, probes, score, strain } = yield* CircuitBreaker.state(name)
        expect([generation, probes]).toEqual([generations.get(name) ?? 0, 0])
        for (const share of [score, strain, (yield* RetryBudget.tokens(name)) / 10]) {
          expect(share).toBeGreaterThanOrEqual(0)
          expect(share).toBeLessThanOrEqual(1)
        }
        expect(yield* admitsAtOnce(name)).toBe(true)
      }
    })
  )

  by(() => steady())(
    "between the admission and the end of probes give every permit back, whatever becomes of the probe",
    (clock) =>
      Effect.gen(function* () {
        const next = policies(3)
        for (let round = 0; round < 200; round++) {
          const of = `key-${round}`
          yield* probing(clock, of)
          const end = yield* Deferred.make<string, NotFound>()
          const { effect, seen } = dependency(Deferred.await(end))
          const fibers = yield* all(10, () => execute(effect, of))
          yield* settled
          expect(seen.now).toBe((yield* CircuitBreaker.state(of)).probes)
          expect(seen.now).toBeGreaterThan(0)
          yield* Truce.reload(next())
          expect((yield* CircuitBreaker.state(of)).probes).toBe(seen.now)
          if (round % 3 === 0) yield* Fiber.interruptAll(fibers)
          else if (round % 3 === 1) yield* Deferred.fail(end, new NotFound({ id: "1" }))
          else yield* Deferred.succeed(end, "hello")
          yield* exits(fibers)
          expect((yield* CircuitBreaker.state(of)).probes).toBe(0)
          expect(yield* admitsAtOnce(of)).toBe(true)
        }
      })
  )

  by(() => steady())("forget no call that waits for its admission", (clock) =>
    Effect.gen(function* () {
      const next = policies(4)
      yield* opening()
      const retry = { whenOpen: "wait", deadline: "1 hour" } as const
      const { effect, seen } = dependency(Effect.zipRight(hops(5), answering))
      const fibers = yield* all(1_000, () => Truce.protect(effect, { key, classify, retry }))
      const reloading = yield* Effect.fork(
        Effect.forever(
          Effect.zipRight(
            Effect.suspend(() => Truce.reload(next())),
            Effect.yieldNow()
          )
        )
      )
      yield* settled
      expect(seen.begun).toBe(0)
      yield* clock.advance(60_000)
      expect(tally((yield* exits(fibers)).map(ending))).toEqual({ success: 1_000 })
      yield* Fiber.interrupt(reloading)
      // The timer of the last lease.
      yield* clock.advance(3_600_000)
      expect(clock.sleepers()).toBe(0)
    })
  )

  by(() => steady())("lose no options that a key is registered with in their midst", () =>
    Effect.gen(function* () {
      for (let round = 0; round < 500; round++) {
        const reload = yielding(round, 20)(Effect.orDie(Truce.reload({ circuit: { permits: 2 } })))
        const fiber = yield* Effect.fork(reload)
        yield* hops(6)
        yield* CircuitBreaker.register(`own-${round}`, { permits: 7 })
        yield* Fiber.join(fiber)
        expect((yield* CircuitBreaker.state(`own-${round}`)).permits).toBe(7)
      }
    })
  )
})

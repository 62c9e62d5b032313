import { CircuitPolicy, Outcome } from "@truce/core"
import { CircuitBreaker, HealthModel, HealthScore, Transaction } from "@truce/effect4"
import { Effect, Layer, Random } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Command, type Key, circuitOptions, keys, onCore, onServices, perform, scenarios } from "./scenarios.ts"
import { watching } from "./support.ts"

const timeout = 60_000

type Services = CircuitBreaker.CircuitBreaker | HealthScore.HealthScore

describe("The same scenario gives the same transitions in the pure core, in the Effect 3 and Effect 4 bindings under TestClock, and in the lab", () => {
  const same = <S>(name: string, model: HealthModel.HealthModel<S>, runs?: number) =>
    it(name, { timeout }, () =>
      forAll(
        model,
        (commands, policy) =>
          Effect.map(onServices(commands), (trace) => {
            expect(onCore(policy, trace.circuits, commands)).toEqual(trace)
          }),
        runs
      )
    )
  same("under the ledger", HealthModel.ledger(), 200)
  same("under the ledger at any traffic", HealthModel.ledger({ guardMillis: 0 }))
  same("under consecutive", HealthModel.consecutive({ failures: 3 }))
  same("under countWindow", HealthModel.countWindow({ size: 10, min: 5 }))
})

it(
  "Closed opens only by a failure with h < trip; HalfOpen reopens on one failed probe and closes only by a success with h >= restore; one settle makes at most one transition",
  { timeout },
  () =>
    forAll(HealthModel.ledger(), (commands, policy) =>
      Effect.map(onServices(commands), ({ transitions }) => {
        for (const all of Object.values(transitions)) {
          for (const [at, one] of all.entries()) {
            expect(one.generation).toBe(at + 1)
            if (one.mode === "Isolated" || one.mode === "Disabled" || one.reason !== "") continue
            expect(["Closed Open", "Open HalfOpen", "HalfOpen Open", "HalfOpen Closed"]).toContain(
              `${one.from} ${one.to}`
            )
            if (one.from === "Closed") expect(one.score).toBeLessThan(policy.model.trip)
            if (one.to === "HalfOpen") expect(one.score).toBe(0)
            if (one.to === "Closed") expect(one.score).toBeGreaterThanOrEqual(policy.restore - 1e-9)
          }
        }
      })
    )
)

it("A settle of another generation leaves the state object unchanged", { timeout }, () =>
  forAll(HealthModel.ledger({ guardMillis: 0 }), (commands) =>
    Effect.gen(function* () {
      const now = yield* Transaction.now
      const early = yield* Transaction.commit(Transaction.admit(keys, now))
      yield* Effect.forEach(keys, (key) => CircuitBreaker.reset(key, "a new generation"))
      yield* perform(commands)
      const before = yield* CircuitBreaker.snapshot
      const permits = early._tag === "Admitted" ? early.permits : []
      yield* Transaction.commit(Transaction.settle(permits, Outcome.failure(), yield* Transaction.now))
      expect(yield* CircuitBreaker.snapshot).toEqual(before)
    })
  )
)

it(
  "Probes in flight never exceed `permits`, under any interleaving, interruption, defect or lease end; when all are settled none is held",
  { timeout },
  () =>
    forAll(HealthModel.ledger(), (commands, policy) =>
      Effect.gen(function* () {
        yield* perform(commands, () =>
          Effect.map(CircuitBreaker.states, (states) => {
            for (const { probes } of states) expect(probes).toBeLessThanOrEqual(policy.permits)
          })
        )
        for (const { probes } of yield* CircuitBreaker.states) expect(probes).toBe(0)
      })
    )
)

it("Nothing is admitted before the open time ends, on the monotonic clock", { timeout }, () =>
  forAll(HealthModel.ledger(), (commands) =>
    Effect.gen(function* () {
      const now = yield* Transaction.now
      let states: ReadonlyArray<CircuitBreaker.State> = []
      let at = now
      yield* perform(commands, (command, told) =>
        Effect.gen(function* () {
          if (command.do === "begin" && told === "Admitted") {
            for (const { key, mode, nextAdmission = 0 } of states) {
              if ("key" in command && command.key !== key) continue
              if (mode._tag !== "Observing") expect(nextAdmission).toBeLessThanOrEqual(at)
            }
          }
          states = yield* CircuitBreaker.states
          at = yield* Transaction.now
        })
      )
    })
  )
)

it(
  "The same log and clock give the same states: a recorded log replays to the same decisions. A snapshot restores to the same decisions",
  { timeout },
  () =>
    forAll(HealthModel.ledger(), (commands, _, layer) =>
      Effect.gen(function* () {
        const middle = Math.floor(commands.length / 2)
        yield* perform(commands.slice(0, middle))
        const stored = JSON.stringify(yield* CircuitBreaker.snapshot)
        const restored = TestClock.adjust(yield* Transaction.now).pipe(
          Effect.andThen(Effect.orDie(CircuitBreaker.restore(JSON.parse(stored)))),
          Effect.andThen(rest(commands.slice(middle)))
        )
        const replayed = yield* elsewhere(restored, layer())
        expect(yield* rest(commands.slice(middle))).toEqual(replayed)
      })
    )
)

it("Two keys never influence each other", { timeout }, () =>
  forAll(HealthModel.ledger(), (commands, _, layer) =>
    Effect.gen(function* () {
      const ofA = commands.map((command) => onKey(command, "a"))
      const ofB = commands
        .map((command) => onKey(command, "b"))
        .filter((command) => !("millis" in command || command.do === "wait"))
      const alone = yield* elsewhere(rest(ofA), layer())
      const beside = yield* rest(ofA, () => Effect.asVoid(perform(ofB.slice(0, 5))))
      expect(beside.told).toEqual(alone.told)
      expect(beside.circuits["a"]).toEqual(alone.circuits["a"])
      expect(beside.transitions.filter(({ key }) => key === "a")).toEqual(alone.transitions)
    })
  )
)

it("Any composed transaction over several keys admits all or none", { timeout }, () =>
  forAll(HealthModel.ledger({ guardMillis: 0 }), (commands) =>
    Effect.gen(function* () {
      let before = yield* CircuitBreaker.snapshot
      yield* perform(commands, (command, told) =>
        Effect.gen(function* () {
          const { circuits } = yield* CircuitBreaker.snapshot
          if (command.do === "begin" && (command.via === "both" || command.via === "executeAll")) {
            if (told !== "Admitted") expect(circuits).toMatchObject(before.circuits)
            const isRejecting = Object.values(circuits).some(
              ({ mode, state }) => mode._tag === "Isolated" || (mode._tag === "Automatic" && state._tag === "Open")
            )
            if (told === "Admitted") expect(isRejecting).toBe(false)
          }
          before = yield* CircuitBreaker.snapshot
        })
      )
    })
  )
)

const onKey = (command: Command, key: Key): Command => {
  if ("key" in command) return { ...command, key }
  return command.do === "begin" ? { do: "begin", via: "transaction", key } : command
}

/** Everything that the rest of a scenario shows. */
const rest = (commands: ReadonlyArray<Command>, after?: () => Effect.Effect<void, never, Services>) =>
  Effect.gen(function* () {
    const seen = yield* watching(CircuitBreaker.transitions)
    const told = yield* perform(commands, after)
    return { told, transitions: yield* seen, circuits: (yield* CircuitBreaker.snapshot).circuits }
  }).pipe(Effect.scoped)

const apart = <A, E>(self: Effect.Effect<A, E, Services>, layer: Layer.Layer<Services>): Promise<A> =>
  Effect.runPromise(self.pipe(Effect.provide(layer), Random.withSeed("seed"), Effect.provide(TestClock.layer())))

/** Runs an effect on other services under another clock. */
const elsewhere = <A, E>(self: Effect.Effect<A, E, Services>, layer: Layer.Layer<Services>) =>
  Effect.promise(() => apart(self, layer))

/** Runs random scenarios, each on services of its own under a test clock of its own. */
const forAll = <S>(
  model: HealthModel.HealthModel<S>,
  law: (
    commands: ReadonlyArray<Command>,
    policy: CircuitPolicy.CircuitPolicy<S>,
    layer: () => Layer.Layer<Services>
  ) => Effect.Effect<void, never, Services>,
  numRuns = 60
) =>
  fc.assert(
    fc.asyncProperty(scenarios, circuitOptions, (commands, options) => {
      const layer = () =>
        Layer.fresh(CircuitBreaker.layer(options).pipe(Layer.provideMerge(HealthScore.layer({ model }))))
      const policy = CircuitPolicy.make(model, {
        permits: options.permits,
        reopenOn: options.reopenOn,
        leaseMillis: Number(options.lease)
      })
      return apart(law(commands, policy, layer), layer())
    }),
    { numRuns }
  )

/** Random histories of two keys, and random policies for them. */
import { Outcome } from "@truce/core"
import fc from "fast-check"
import type { Model, Policy } from "./Policy.ts"
import type { Control, End } from "./Subject.ts"

export type Key = "a" | "b"

export const keys: readonly [Key, Key] = ["a", "b"]

/** What may happen. `pick` chooses among the attempts under way, `past` among those that have ended. */
export type Command =
  | {
      readonly do: "begin"
      readonly keys: readonly [Key, ...ReadonlyArray<Key>]
      readonly call: number | undefined
      readonly byHand: boolean
      readonly timed: boolean
    }
  | { readonly do: "end"; readonly pick: number; readonly ends: End }
  /** Only an attempt by hand of another generation: the others can end but once. */
  | { readonly do: "end again"; readonly past: number; readonly ends: End }
  | { readonly do: "record"; readonly key: Key; readonly outcome: Outcome.Outcome }
  | { readonly do: "control"; readonly key: Key; readonly to: Control }
  | { readonly do: "advance"; readonly millis: number }
  /** Lets time pass until the next admission of a key, or until 1 ms before. */
  | { readonly do: "wait"; readonly key: Key; readonly early: boolean }

const evidence: fc.Arbitrary<Outcome.Outcome> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(Outcome.success) },
  { weight: 1, arbitrary: fc.constant(Outcome.slowSuccess) },
  { weight: 8, arbitrary: fc.constant(Outcome.failure()) },
  { weight: 1, arbitrary: fc.constant(Outcome.failure({ weight: Outcome.throttleWeight, saturated: true })) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(Outcome.ignored, Outcome.failure({ weight: 0.5 }), Outcome.answered)
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        weight: fc.double({ min: 0.001, max: 1, noNaN: true }),
        saturated: fc.boolean(),
        retryAfterMillis: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
        opens: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
      })
      .map(Outcome.failure)
  }
)

const ends: fc.Arbitrary<End> = fc.oneof(
  { weight: 12, arbitrary: evidence },
  { weight: 1, arbitrary: fc.constantFrom<Array<End>>("permanent", "local", "defect", "interrupt") }
)

const index = fc.nat(1_000)
const key = fc.constantFrom(...keys)
const begin = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("begin" as const),
      keys: fc.tuple(key),
      call: fc.option(fc.nat(2), { nil: undefined }),
      byHand: fc.constant(false),
      timed: fc.boolean()
    })
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("begin" as const),
      keys: fc.tuple(key),
      call: fc.constant(undefined),
      byHand: fc.constant(true),
      timed: fc.constant(false)
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("begin" as const),
      keys: fc.constant(keys),
      call: fc.option(fc.nat(2), { nil: undefined }),
      byHand: fc.boolean(),
      timed: fc.boolean()
    })
  }
)
const end = fc.record({ do: fc.constant("end" as const), pick: index, ends })
const failed: Command = { do: "end", pick: 0, ends: Outcome.failure() }
const on = (of: Key, byHand = false): Command => ({ do: "begin", keys: [of], call: undefined, byHand, timed: false })

const burst = fc
  .tuple(key, fc.integer({ min: 3, max: 9 }))
  .map(([of, count]) => Array.from({ length: count }, (): ReadonlyArray<Command> => [on(of), failed]).flat())
const recovery = key.map((of): ReadonlyArray<Command> => {
  const probe: ReadonlyArray<Command> = [on(of), { do: "end", pick: 0, ends: Outcome.success }]
  return [{ do: "wait", key: of, early: false }, ...probe, ...probe]
})
/** A probe that answers when its lease has ended. */
const hung = key.map((of): ReadonlyArray<Command> => [
  { do: "wait", key: of, early: false },
  on(of),
  { do: "advance", millis: 10_000 },
  { do: "end", pick: 0, ends: Outcome.success }
])
const probes = fc
  .tuple(key, fc.integer({ min: 1, max: 3 }), fc.array(end, { maxLength: 4, size: "max" }), fc.boolean())
  .map(([of, count, rest, early]) => {
    const wait: ReadonlyArray<Command> = [{ do: "wait", key: of, early }]
    return wait.concat(Array<Command>(count).fill(on(of)), rest)
  })

const forward = fc.oneof(
  { weight: 4, arbitrary: fc.nat(50) },
  { weight: 3, arbitrary: fc.integer({ min: 100, max: 2_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 5_000, max: 700_000 }) }
)

const one = (arbitrary: fc.Arbitrary<Command>) => arbitrary.map((command): ReadonlyArray<Command> => [command])
const advance = (millis: fc.Arbitrary<number>) => fc.record({ do: fc.constant("advance" as const), millis })

const control = fc.record({
  do: fc.constant("control" as const),
  key,
  to: fc.constantFrom("isolate" as const, "disable" as const, "observe" as const, "reset" as const)
})

const steps = fc.oneof(
  { weight: 16, arbitrary: fc.tuple(begin, end).map((pair): ReadonlyArray<Command> => pair) },
  { weight: 5, arbitrary: burst },
  { weight: 6, arbitrary: probes },
  { weight: 3, arbitrary: recovery },
  { weight: 2, arbitrary: hung },
  { weight: 5, arbitrary: one(begin) },
  { weight: 5, arbitrary: one(end) },
  { weight: 6, arbitrary: one(advance(forward)) },
  { weight: 1, arbitrary: one(advance(fc.integer({ min: -5_000, max: -1 }))) },
  { weight: 2, arbitrary: one(fc.record({ do: fc.constant("record" as const), key, outcome: evidence })) },
  { weight: 2, arbitrary: one(fc.record({ do: fc.constant("end again" as const), past: index, ends: evidence })) },
  { weight: 2, arbitrary: fc.tuple(control, begin).map((pair): ReadonlyArray<Command> => pair) }
)

export const histories: fc.Arbitrary<ReadonlyArray<Command>> = fc
  .array(steps, { minLength: 1, maxLength: 30, size: "max" })
  .map((lists) => lists.flat())

const models: ReadonlyArray<Model> = [
  { type: "ledger" },
  { type: "ledger", guard: 0, halfLife: "infinity" },
  { type: "ledger", persistence: 250, tolerance: 0.5, minFailures: 3 },
  { type: "consecutive", failures: 3 },
  { type: "countWindow", size: 10, min: 5 },
  { type: "timeWindow", window: 1_000, min: 4 },
  { type: "additive" },
  { type: "ewma", window: 500, threshold: 0.6, min: 3 },
  { type: "cusum" },
  { type: "beta", prior: 3, halfLife: 5_000 }
]

const circuit = fc.record({
  permits: fc.integer({ min: 1, max: 3 }),
  reopenOn: fc.constantFrom("failure" as const, "score" as const),
  lease: fc.constantFrom(100, 1_000, 10_000),
  openFor: fc.constantFrom(50, 500),
  openJitter: fc.constantFrom(0, 0.2, 0.9),
  slowWeight: fc.constantFrom(0, 0, 0.35, 0.6, 1)
})

export const policies = (of: ReadonlyArray<Model> = models): fc.Arbitrary<Policy> =>
  // A key that is forgotten begins anew: that is no law of circuits.
  fc.record({ model: fc.constantFrom(...of), circuit, ttl: fc.constant(1e12) })

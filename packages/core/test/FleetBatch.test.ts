import { Circuit, CircuitPolicy, Fleet, HealthModel, Outcome, Traffic } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fleet, leased, mergeAll, openUntil, opened, plain, sent, slack, suspicion, unopened } from "./fleets.ts"
import { failure, fixedLedger, throttled } from "./support.ts"

const numRuns = 300

const attempts = fc.array(
  fc.record({
    process: fc.constantFrom("a", "b", "c"),
    outcome: fc.constantFrom<Outcome.Outcome>(failure, throttled, Outcome.success, Outcome.success, Outcome.ignored),
    failedBefore: fc.nat(2)
  }),
  { maxLength: 60 }
)
type Attempts = typeof attempts extends fc.Arbitrary<infer A> ? A : never

const summed = <S>(policy: Fleet.Policy<S>, list: Attempts, process = "a"): Fleet.Batch =>
  list.reduce((batch, settled) => Fleet.add(policy, batch, settled), Fleet.batch(process, 0))

/** What a failure of weight 1 takes from the score, and a success gives, at any traffic. */
const linear = [
  { name: "ledger", model: fixedLedger, takes: 1 / 5, gives: 2 / 5 },
  {
    name: "ledger of 200",
    model: HealthModel.ledger({ guardMillis: 0, minFailures: 200 }),
    takes: 1 / 200,
    gives: 1 / 100
  },
  { name: "additive", model: HealthModel.additive(), takes: 0.3, gives: 0.5 },
  { name: "cusum", model: HealthModel.cusum(), takes: Math.LN10 / 10, gives: Math.log(0.95 / 0.5) / 10 }
] as const

const withLinear = (
  use: <S>(model: HealthModel.HealthModel<S>, takes: number, gives: number) => void,
  index: number
) => {
  const one = linear[index]
  if (one === undefined) throw new Error(`no model ${index}`)
  switch (one.name) {
    case "ledger":
    case "ledger of 200":
      return use(one.model, one.takes, one.gives)
    case "additive":
      return use(one.model, one.takes, one.gives)
    case "cusum":
      return use(one.model, one.takes, one.gives)
  }
}

describe("a batch", () => {
  it.each(linear.map(({ name }, index) => [name, index] as const))(
    "leaves at most the suspicion its attempts leave one by one, by no more than min(F, rho V) / n less: %s",
    (_, index) =>
      withLinear((model, takes, gives) => {
        const policy = unopened(model)
        let differed = 0
        fc.assert(
          fc.property(attempts, fc.double({ min: 0, max: 4, noNaN: true }), (list, before) => {
            const start = Fleet.merge(policy, Fleet.empty(policy, 42, 0), sent("z", before), 0)
            const batch = summed(policy, list)
            const together = Fleet.merge(policy, start, batch, 0)
            const single = list.map((settled) => Fleet.add(policy, Fleet.batch("a", 0), settled))
            const apart = mergeAll(policy, start, single)
            const gap = suspicion(policy, apart) - suspicion(policy, together)
            const bound = Math.min(takes * batch.failure, gives * batch.success)
            if (gap > slack) differed++
            expect(Math.abs(gap)).toBeLessThanOrEqual(bound + slack)
            // Above a suspicion of 1, where the circuit would have opened, one by one loses failures.
            if (suspicion(policy, start) + takes * batch.failure <= 1) expect(gap).toBeGreaterThanOrEqual(-slack)
            expect(together.circuit.traffic.attempts).toBeCloseTo(apart.circuit.traffic.attempts, 9)
            expect(together.circuit.traffic.failures).toBeCloseTo(apart.circuit.traffic.failures, 9)
          }),
          { numRuns }
        )
        expect(differed).toBeGreaterThan(0)
      }, index)
  )

  it.each(linear.map(({ name }, index) => [name, index] as const))(
    "of failures alone, or of successes alone, is exactly its attempts one by one: %s",
    (_, index) =>
      withLinear((model) => {
        const policy = unopened(model)
        fc.assert(
          fc.property(
            attempts,
            fc.constantFrom("Failure", "Success"),
            fc.double({ min: 0, max: 4, noNaN: true }),
            (list, tag, before) => {
              const alike = list.filter(({ outcome }) => outcome._tag === tag)
              const start = Fleet.merge(policy, Fleet.empty(policy, 42, 0), sent("z", before), 0)
              const single = alike.map((settled) => Fleet.add(policy, Fleet.batch("a", 0), settled))
              const apart = mergeAll(policy, start, single)
              const together = Fleet.merge(policy, start, summed(policy, alike), 0)
              expect(suspicion(policy, together)).toBeCloseTo(suspicion(policy, apart), 9)
            }
          ),
          { numRuns }
        )
      }, index)
  )

  it("differs by (F + rho V)(1/n0 - 1/n1) more at most where n grows from n0 to n1 with the traffic", () => {
    const model = HealthModel.ledger({ halfLifeMillis: Infinity })
    const policy = unopened(model)
    const perFailure = (traffic: Traffic.Traffic): number =>
      1 - model.score(model.observe(model.init, { failure: 1, success: 0, raw: 1 }, traffic, 0), 0)
    fc.assert(
      fc.property(attempts, fc.nat(3), fc.nat(200), (list, before, busy) => {
        const start = Fleet.merge(policy, Fleet.empty(policy, 42, 0), sent("z", before, busy), 0)
        const batch = summed(policy, list)
        if (batch.attempts === 0) return
        const single = list.map((settled) => Fleet.add(policy, Fleet.batch("a", 0), settled))
        const together = Fleet.merge(policy, start, batch, 0)
        const gap = suspicion(policy, mergeAll(policy, start, single)) - suspicion(policy, together)
        const [n0, n1] = [
          1 / perFailure(Traffic.add(start.circuit.traffic, 1, 0, 0)),
          1 / perFailure(together.circuit.traffic)
        ]
        const [f, v] = [batch.failure, 2 * batch.success]
        expect(Math.abs(gap)).toBeLessThanOrEqual(Math.min(f, v) / n1 + (f + v) * (1 / n0 - 1 / n1) + slack)
      }),
      { numRuns }
    )
  })

  it("may come before or after the others of its generation: the scores differ by min(F, rho V) / n at most", () => {
    const policy = unopened(fixedLedger)
    const some = fc.array(attempts, { minLength: 2, maxLength: 6 })
    let differed = 0
    fc.assert(
      fc.property(
        some.chain((lists) =>
          fc.tuple(fc.constant(lists), fc.shuffledSubarray(lists, { minLength: lists.length }), fc.nat(4))
        ),
        ([lists, shuffled, before]) => {
          const start = Fleet.merge(policy, Fleet.empty(policy, 42, 0), sent("z", before), 0)
          const scoreOf = (order: ReadonlyArray<Attempts>) =>
            suspicion(
              policy,
              mergeAll(
                policy,
                start,
                order.map((list) => summed(policy, list))
              )
            )
          const all = summed(policy, lists.flat())
          const gap = Math.abs(scoreOf(lists) - scoreOf(shuffled))
          if (gap > slack) differed++
          expect(gap).toBeLessThanOrEqual(Math.min(all.failure, 2 * all.success) / 5 + slack)
        }
      ),
      { numRuns }
    )
    expect(differed).toBeGreaterThan(0)
  })

  it("of another generation, of no attempts, or for a circuit that is not closed changes nothing", () => {
    const start = Fleet.empty(plain, 42, 7)
    expect(Fleet.merge(plain, start, sent("a", 3, 0, 6), 8)).toBe(start)
    expect(Fleet.merge(plain, start, sent("a", 3, 0, 8), 8)).toBe(start)
    expect(Fleet.merge(plain, start, Fleet.batch("a", 7), 8)).toBe(start)
    expect(Fleet.merge(plain, start, sent("a", 3, 0, 7), 8)).not.toBe(start)
    const open = opened(plain)
    expect(Fleet.merge(plain, open, sent("a", 3, 3, open.circuit.generation), 1)).toBe(open)
    const [half] = leased(plain, open, openUntil(open))
    expect(Fleet.merge(plain, half, sent("a", 3, 3, half.circuit.generation), openUntil(open))).toBe(half)
  })

  it("of a process that has read no generation yet counts in the present one", () => {
    const after = Fleet.merge(plain, Fleet.empty(plain, 42, 7), { ...sent("a", 1), generation: undefined }, 8)
    expect(suspicion(plain, after, 8)).toBeCloseTo(1 / 5, 9)
  })

  it("sums masses after the discount, raw weights before it, and keeps the longest retryAfter", () => {
    const asked = (retryAfterMillis: number) => Outcome.failure({ weight: 0.5, retryAfterMillis })
    const list: Attempts = [
      { process: "a", outcome: asked(2_000), failedBefore: 0 },
      { process: "a", outcome: asked(9_000), failedBefore: 2 },
      { process: "a", outcome: asked(1_000), failedBefore: 0 },
      { process: "a", outcome: Outcome.success, failedBefore: 0 }
    ]
    // A closed circuit learns nothing of an answer.
    expect(Fleet.add(plain, Fleet.batch("a", 0), { outcome: Outcome.answered, failedBefore: 0 }).attempts).toBe(0)
    expect(summed(plain, list)).toEqual({
      generation: 0,
      process: "a",
      failure: 0.5 + 0.125 + 0.5,
      success: 1,
      raw: 1.5,
      attempts: 4,
      retryAfterMillis: 9_000,
      opens: false
    })
    const none = Fleet.batch("a", 0)
    expect(Fleet.add(plain, none, { outcome: Outcome.ignored, failedBefore: 0 })).toBe(none)
  })

  it("that could not be sent is sent with the next, unless the generation has changed", () => {
    const both = Fleet.combine(sent("a", 2, 1), { ...sent("a", 1, 4), retryAfterMillis: 5 })
    expect(both).toEqual({ ...sent("a", 3, 5), retryAfterMillis: 5 })
    const later = sent("a", 1, 0, 2)
    expect(Fleet.combine(sent("a", 2, 0, 1), later)).toBe(later)
    expect(Fleet.combine({ ...sent("a", 2), generation: undefined }, later)).toEqual(sent("a", 3, 0, 2))
  })

  it("is urgent from a quarter of the failures that trip, whatever the successes", () => {
    const local = Circuit.make(plain, 42)
    // n = 5 and a trip at 0.1: 4.5 failures, of which a quarter is 1.125.
    expect(Fleet.isUrgent(plain, local, sent("a", 1.12))).toBe(false)
    expect(Fleet.isUrgent(plain, local, sent("a", 1.125))).toBe(true)
    expect(Fleet.isUrgent(plain, local, sent("a", 1.125, 100))).toBe(true)
    expect(Fleet.isUrgent(plain, local, sent("a", 0, 100))).toBe(false)
    const busy = { ...local, traffic: { ...Traffic.none, attempts: 6_000 } }
    // n = 21.4 at 100 attempts a second.
    expect(Fleet.isUrgent(plain, busy, sent("a", 4.8))).toBe(false)
    expect(Fleet.isUrgent(plain, busy, sent("a", 4.9))).toBe(true)
  })

  it("that opens asks for the longest retryAfter it has seen", () => {
    const policy = fleet({ witnesses: 1 })
    const open = Fleet.merge(policy, Fleet.empty(policy, 42, 0), { ...sent("a", 9), retryAfterMillis: 30_000 }, 0)
    expect(openUntil(open)).toBe(30_000)
  })

  it("of a dependency that speaks for all callers opens without a second witness, and is urgent", () => {
    const policy = fleet({ witnesses: 5 })
    const failure = Outcome.failure({ weight: 0.35, retryAfterMillis: 30_000, opens: true })
    const one = Fleet.add(policy, Fleet.batch("a", 0), { outcome: failure, failedBefore: 3 })
    expect(Fleet.isUrgent(policy, Circuit.make(policy, 42), one)).toBe(true)
    const before = { ...sent("a", 0, 3), generation: undefined }
    expect(openUntil(Fleet.merge(policy, Fleet.empty(policy, 42, 0), Fleet.combine(before, one), 0))).toBe(30_000)
  })
})

describe("successes that are counted first", () => {
  it("are in the batch as if they had been added one by one", () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(5), (count, failures) => {
        const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()))
        const one = (self: Fleet.Batch, outcome: Outcome.Outcome) =>
          Fleet.add(policy, self, { outcome, failedBefore: 0 })
        const failed = Array.from({ length: failures }, () => Outcome.failure()).reduce(one, Fleet.batch("web-1", 3))
        const added = Array.from({ length: count }, () => Outcome.success).reduce(one, failed)
        expect(Fleet.addSuccesses(failed, count)).toEqual(added)
      })
    )
  })
})

/** Random calls of many callers. */
import { Outcome } from "@truce/core"
import fc from "fast-check"
import type { Model } from "../Policy.ts"
import type { Plan, Reply, Script, Subject } from "../Subject.ts"

const tick = 64

const models: ReadonlyArray<Model> = [
  { type: "ledger" },
  { type: "ledger", minFailures: 3, guard: 0 },
  { type: "consecutive", failures: 3 },
  { type: "countWindow", size: 20, min: 10 },
  { type: "timeWindow", window: 1_000, min: 5 },
  { type: "ewma", window: 1_000 },
  { type: "cusum" },
  { type: "beta", prior: 4 }
]

const millis = fc.constantFrom(0, 0, tick, 2 * tick, 10 * tick)

const replies = (judged: boolean) => {
  const good = fc.record({ ends: fc.constant(Outcome.success), millis })
  const bad = fc.record({ ends: fc.constant(Outcome.failure()), millis })
  const odd: fc.Arbitrary<Reply> = fc.record({
    ends: fc.constantFrom(
      Outcome.failure({ weight: Outcome.throttleWeight, saturated: true }),
      Outcome.failure({ retryAfterMillis: 20 * tick }),
      ...(judged ? ([Outcome.answered, "permanent", "local", "defect", "interrupt"] as const) : [])
    ),
    millis
  })
  const script = (...weights: readonly [good: number, bad: number, odd: number]) => {
    const reply = fc.oneof(
      { weight: weights[0], arbitrary: good },
      { weight: weights[1], arbitrary: bad },
      { weight: weights[2], arbitrary: odd }
    )
    return fc.tuple(reply, fc.oneof(good, bad), fc.oneof(good, bad))
  }
  return { well: script(8, 2, 1), down: script(1, 12, 2) }
}

type Call = readonly [replies: readonly [Reply, ...ReadonlyArray<Reply>], gap: number]

/** A dependency that fails now and then by chance is rarely down: it is down for a while, and then well for a while. */
const spells = (judged: boolean): fc.Arbitrary<ReadonlyArray<Call>> => {
  const { down, well } = replies(judged)
  const bad = fc.array(fc.tuple(down, fc.constantFrom(0, 1, 2)), { minLength: 3, maxLength: 9, size: "max" })
  const good = fc.array(fc.tuple(well, fc.constantFrom(1, 4, 8, 20)), { minLength: 2, maxLength: 7, size: "max" })
  return fc
    .array(fc.tuple(bad, good), { minLength: 1, maxLength: 2 })
    .map((all) => all.flatMap(([down, well]): ReadonlyArray<Call> => [...down, ...well]))
}

/**
 * How the calls meet. Of all, every time is a multiple of 64 ms and the call's own number: no two meet at one instant. Attempts at once take
 * no time, nor do the waits between them. Calls together begin at one instant and meet again and again: in which order is nobody's promise.
 */
export type Kind = "all" | "at once" | "together"

export const plans = ({ lacks }: Subject, kind: Kind = "all"): fc.Arbitrary<Plan> => {
  const isQuick = kind === "at once"
  return fc
    .record({
      model: fc.constantFrom(...models),
      attempts: fc.integer({ min: 1, max: 4 }),
      base: isQuick ? fc.constant(0) : fc.constantFrom(tick, 2 * tick, 4 * tick),
      deadline: lacks.includes("deadline")
        ? fc.constant(undefined)
        : fc.option(fc.constant(7 * tick), { nil: undefined }),
      ...(lacks.includes("limits")
        ? {}
        : {
            limits: fc.record(
              {
                attempts: fc.integer({ min: 1, max: 5 }),
                deadline: fc.constantFrom(5 * tick, 20 * tick),
                maxRetryAfter: fc.constantFrom(tick, 40 * tick)
              },
              { requiredKeys: [] }
            ),
            own: fc.option(
              fc.record(
                { attempts: fc.integer({ min: 1, max: 6 }), deadline: fc.constantFrom(3 * tick, 90 * tick) },
                { requiredKeys: [] }
              ),
              { nil: undefined }
            )
          }),
      permits: fc.integer({ min: 1, max: 3 }),
      lease: fc.constantFrom(8 * tick, 100 * tick),
      budget: fc.constantFrom(
        { type: "saturation" as const },
        { type: "saturation" as const, capacity: 2 },
        { type: "ratio" as const, capacity: 3 },
        { type: "grpc" as const },
        { type: "aws" as const, capacity: 40 },
        { type: "unlimited" as const }
      ),
      calls: spells(!lacks.includes("judged ends"))
    })
    .map(({ attempts, base, budget, calls, deadline, lease, limits, model, own, permits }) => {
      let at = 0
      const scripts = calls.map(([replies, gap], index): Script => {
        at += gap * tick
        const [first, ...rest] = isQuick ? replies.map((reply) => ({ ...reply, millis: 0 })) : replies
        return { at: kind === "together" ? 0 : at + index, attempts: [first ?? replies[0], ...rest] }
      })
      return {
        policy: {
          model,
          circuit: { openJitter: 0, openFor: 8 * tick, maxOpenFor: 64 * tick, permits, lease },
          retry: { attempts, base, cap: 32 * tick, jitter: "none", ...(deadline === undefined ? {} : { deadline }) },
          budget,
          ...(limits === undefined ? {} : { limits })
        },
        retry: own,
        slowAfterMillis: 100,
        calls: scripts
      } satisfies Plan
    })
}

/** One call on a healthy circuit, of any number of attempts, under any ledger that can be built. */
export const lone: fc.Arbitrary<Plan> = fc
  .record({
    model: fc.record({
      type: fc.constant("ledger" as const),
      tolerance: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      minFailures: fc.double({ min: 1, max: 20, noNaN: true }),
      discount: fc.double({ min: 0, max: 0.99, noNaN: true }),
      guard: fc.constantFrom(0, 1_000, 300_000)
    }),
    attempts: fc.integer({ min: 1, max: 40 }),
    base: fc.constantFrom(0, 0, 100),
    weight: fc.constantFrom(1, 1, 0.7)
  })
  .map(({ attempts, base, model, weight }) => ({
    policy: {
      model,
      circuit: { openJitter: 0 },
      retry: { attempts, base, jitter: "none" },
      budget: { type: "unlimited" }
    },
    calls: [{ at: 0, attempts: [{ ends: Outcome.failure({ weight }) }] }]
  }))

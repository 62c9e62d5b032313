import { Outcome, RetryBudget } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { outcomes } from "./histories.ts"
import { failure, throttled, timeout } from "./support.ts"

const budgets = {
  saturation: RetryBudget.saturation(),
  ratio: RetryBudget.ratio({ perSecond: 2 }),
  grpc: RetryBudget.grpc(),
  aws: RetryBudget.aws()
} as const

const names = ["saturation", "ratio", "grpc", "aws"] as const
const capacity = { saturation: 10, ratio: 10, grpc: 10, aws: 500 } as const

type Attempt = { readonly retry: boolean; readonly cost: number }
type Log = ReadonlyArray<
  | { readonly do: "tick"; readonly millis: number }
  | { readonly do: "first" }
  | { readonly do: "retry"; readonly failed: Outcome.Outcome }
  | { readonly do: "settle"; readonly pick: number; readonly outcome: Outcome.Outcome }
  | { readonly do: "refund"; readonly pick: number }
>

const logs: fc.Arbitrary<Log> = fc.array(
  fc.oneof(
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("tick" as const), millis: fc.integer({ min: -500, max: 5_000 }) })
    },
    { weight: 2, arbitrary: fc.constant({ do: "first" as const }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("retry" as const), failed: outcomes }) },
    {
      weight: 6,
      arbitrary: fc.record({ do: fc.constant("settle" as const), pick: fc.nat({ max: 99 }), outcome: outcomes })
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("refund" as const), pick: fc.nat({ max: 99 }) }) }
  ),
  { maxLength: 200, size: "max" }
)

/** Runs a log with any number of attempts under way and counts what was sent. */
const run = (budget: RetryBudget.RetryBudget, log: Log, check: (tokens: number) => void = () => undefined) => {
  let tokens = budget.init
  let now = 0
  let elapsed = 0
  const underWay: Array<Attempt> = []
  const settled: Array<Attempt & { readonly outcome: Outcome.Outcome }> = []
  let sent = 0
  let latest = 0
  for (const event of log) {
    if (event.do === "tick") {
      now = Math.max(0, now + event.millis)
      elapsed += Math.max(0, now - latest)
      latest = Math.max(latest, now)
    } else if (event.do === "first") underWay.push({ retry: false, cost: 0 })
    else if (event.do === "retry") {
      const paid = budget.withdraw(tokens, event.failed, now)
      if (paid === undefined) continue
      tokens = paid[0]
      underWay.push({ retry: true, cost: paid[1] })
      sent++
    } else {
      const [attempt] = underWay.splice(event.pick % Math.max(1, underWay.length), 1)
      if (attempt === undefined) continue
      if (event.do === "refund") {
        tokens = budget.refund(tokens, attempt.cost)
        if (attempt.retry) sent--
      } else {
        tokens = budget.settle(tokens, { ...attempt, outcome: event.outcome }, now)
        settled.push({ ...attempt, outcome: event.outcome })
      }
    }
    check(tokens.tokens)
  }
  return { tokens, settled, underWay, sent, elapsed }
}

describe.each(names)("the %s budget", (name) => {
  const budget = budgets[name]

  it("keeps its tokens between 0 and the capacity", () => {
    fc.assert(
      fc.property(logs, (log) => {
        run(budget, log, (tokens) => {
          if (!(tokens >= 0 && tokens <= capacity[name])) throw new Error(`${tokens} tokens`)
        })
      }),
      { numRuns: 300 }
    )
  })

  it("starts full, and gives back what a retry cost that was not sent", () => {
    expect(budget.init).toEqual({ tokens: capacity[name], at: 0 })
    const paid = budget.withdraw(budget.init, failure, 0)
    if (paid === undefined) throw new Error("denied")
    expect(budget.refund(...paid).tokens).toBe(capacity[name])
  })

  it("never goes back on a clock that jumps back", () => {
    const later = budget.settle(budget.init, { cost: 0, retry: false, outcome: timeout }, 10_000)
    const paid = budget.withdraw(later, failure, 10_000)
    if (paid === undefined) throw new Error("denied")
    const back = budget.withdraw(paid[0], failure, 0)
    expect(back?.[0].at).toBe(paid[0].at)
    expect(back?.[0].tokens).toBeLessThanOrEqual(paid[0].tokens)
  })

  it("states its parameters", () => {
    expect(budget.name).toBe(name)
    expect(Object.values(budget.parameters)).not.toHaveLength(0)
  })
})

describe("Retries sent never exceed what the budget allows.", () => {
  const slack = 1e-6

  it("saturation: saturated retries + 0.1 fast failed retries + those under way <= 10 + 0.1 fast first successes", () => {
    fc.assert(
      fc.property(logs, (log) => {
        const { settled, underWay } = run(budgets.saturation, log)
        let spent = underWay.filter(({ retry }) => retry).length
        let earned = 10
        for (const { outcome, retry } of settled) {
          if (retry && Outcome.isSaturated(outcome)) spent += 1
          else if (retry && (outcome._tag === "Failure" || outcome._tag === "Ignored")) spent += 0.1
          else if (!retry && outcome._tag === "Success" && !outcome.slow) earned += 0.1
        }
        expect(spent).toBeLessThanOrEqual(earned + slack)
      }),
      { numRuns: 500 }
    )
  })

  it("ratio: retries <= capacity + ratio * calls + perSecond * time", () => {
    fc.assert(
      fc.property(logs, (log) => {
        const { elapsed, sent, settled } = run(budgets.ratio, log)
        const calls = settled.filter(({ retry }) => !retry).length
        expect(sent).toBeLessThanOrEqual(10 + 0.2 * calls + (2 * elapsed) / 1_000 + slack)
      }),
      { numRuns: 500 }
    )
  })

  it("grpc: none while half the tokens or less are left", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 10, noNaN: true }), (tokens) => {
        const paid = RetryBudget.grpc().withdraw({ tokens, at: 0 }, failure, 0)
        expect(paid === undefined).toBe(tokens <= 5 + 1e-9)
      })
    )
  })

  it("aws: what retries cost and did not earn back <= 500 + first successes", () => {
    fc.assert(
      fc.property(logs, (log) => {
        const { settled, underWay } = run(budgets.aws, log)
        let spent = underWay.reduce((sum, { cost }) => sum + cost, 0)
        let earned = 500
        for (const { cost, outcome, retry } of settled) {
          if (retry && outcome._tag !== "Success") spent += cost
          else if (!retry && outcome._tag === "Success") earned += 1
        }
        expect(spent).toBeLessThanOrEqual(earned + slack)
      }),
      { numRuns: 500 }
    )
  })
})

describe("prices", () => {
  const change = (
    budget: RetryBudget.RetryBudget,
    tokens: number,
    attempt: { retry: boolean; cost: number },
    outcome: Outcome.Outcome
  ) => Number((budget.settle({ tokens, at: 0 }, { ...attempt, outcome }, 0).tokens - tokens).toFixed(9))
  const first = { retry: false, cost: 0 }
  const retry = (cost: number) => ({ retry: true, cost })

  it.each([
    ["saturation", first, Outcome.success, 0.1],
    ["saturation", first, Outcome.slowSuccess, -0.2],
    ["saturation", first, failure, 0],
    ["saturation", first, timeout, -0.2],
    ["saturation", first, throttled, -0.2],
    ["saturation", first, Outcome.ignored, 0],
    ["saturation", retry(1), Outcome.success, 1],
    ["saturation", retry(1), failure, 0.9],
    ["saturation", retry(1), Outcome.slowSuccess, 0],
    ["saturation", retry(1), timeout, 0],
    ["ratio", first, failure, 0.2],
    ["ratio", first, Outcome.success, 0.2],
    ["ratio", retry(1), Outcome.success, 0],
    ["grpc", first, Outcome.success, 0.1],
    ["grpc", first, failure, -1],
    ["grpc", retry(0), failure, -1],
    ["grpc", first, throttled, 0],
    ["grpc", first, Outcome.ignored, 0],
    ["aws", first, Outcome.success, 1],
    ["aws", first, failure, 0],
    ["aws", retry(14), Outcome.success, 14],
    ["aws", retry(14), failure, 0]
  ] as const)("of %s for %o that found %o: %d tokens", (name, attempt, outcome, tokens) => {
    expect(change(budgets[name], 5, attempt, outcome)).toBe(tokens)
  })

  it.each([
    ["saturation", failure, 1],
    ["saturation", throttled, 1],
    ["ratio", failure, 1],
    ["grpc", failure, 0],
    ["aws", failure, 14],
    ["aws", throttled, 5]
  ] as const)("of a retry, with %s after %o, are %d", (name, failed, cost) => {
    expect(budgets[name].withdraw(budgets[name].init, failed, 0)?.[1]).toBe(cost)
  })

  it.each([
    ["saturation", 1 - 1e-6],
    ["ratio", 0.99],
    ["grpc", 5],
    ["aws", 13.9]
  ] as const)("deny a retry with %s at %d tokens", (name, tokens) => {
    expect(budgets[name].withdraw({ tokens, at: 0 }, failure, 0)).toBeUndefined()
  })

  it("come back with time where the budget has a rate", () => {
    const empty = { tokens: 0, at: 0 }
    expect(budgets.ratio.withdraw(empty, failure, 499)).toBeUndefined()
    expect(budgets.ratio.withdraw(empty, failure, 500)).toEqual([{ tokens: 0, at: 500 }, 1])
    expect(budgets.ratio.withdraw(empty, failure, 1e9)?.[0].tokens).toBe(9)
  })

  it("leave the same reference where nothing changed", () => {
    const half = { tokens: 5, at: 0 }
    expect(budgets.saturation.settle(half, { ...first, outcome: failure }, 100)).toBe(half)
    expect(budgets.grpc.refund(half, 0)).toBe(half)
  })

  it("are none without a budget", () => {
    const budget = RetryBudget.unlimited()
    expect(budget.withdraw(budget.init, timeout, 0)).toEqual([budget.init, 0])
    expect(budget.settle(budget.init, { ...first, outcome: timeout }, 0)).toBe(budget.init)
    expect(budget.refund(budget.init, 0)).toBe(budget.init)
  })
})

/** What retries cost, what earns them, and who pays. */
import type { Calls } from "../Scenario.ts"
import { fails, retry, throttled, works } from "./replies.ts"

export const budgets: ReadonlyArray<Calls> = [
  {
    name: "the saturation-priced budget: a fast failed retry costs a tenth, a slow one a token, and a slow first attempt a fifth",
    plan: {
      policy: retry({ attempts: 2 }, { model: { type: "consecutive", failures: 99 } }),
      slowAfterMillis: 500,
      calls: [
        { at: 0, attempts: [fails, fails] },
        { at: 1_000, attempts: [fails, { ...fails, millis: 501 }] },
        { at: 3_000, attempts: [{ ...works, millis: 500 }] },
        { at: 5_000, attempts: [{ ...works, millis: 501 }] },
        { at: 7_000, attempts: [throttled, works] }
      ]
    },
    // 10 - 0.1 - 1 + 0.1 - 0.2 - 0.2, and the retry that worked has its token back.
    calls: [
      { result: "attempts" },
      { result: "attempts" },
      { result: "success" },
      { result: "success" },
      { result: "success" }
    ],
    tokens: { service: 8.6 }
  },
  {
    name: "without a token a call ends with its last error",
    plan: {
      policy: retry({ attempts: 3 }, { budget: { type: "ratio", capacity: 2, ratio: 0 }, model: { type: "beta" } }),
      calls: [
        { at: 0, attempts: [fails, fails, works] },
        { at: 1_000, attempts: [fails] }
      ]
    },
    calls: [
      { result: "success", sent: [0, 100, 300] },
      { result: "budget", sent: [1_000], endedAt: 1_000 }
    ]
  },
  {
    name: "a retry that was not sent gives its token back",
    plan: {
      policy: retry(
        { attempts: 2 },
        { budget: { type: "ratio", capacity: 5, ratio: 0 }, model: { type: "consecutive", failures: 3 } }
      ),
      calls: [
        { at: 0, attempts: [fails] },
        { at: 10, attempts: [fails] },
        { at: 20, attempts: [fails] }
      ]
    },
    calls: [
      { result: "circuit-open", endedAt: 20 },
      { result: "circuit-open", endedAt: 20 },
      { result: "circuit-open", endedAt: 20 }
    ],
    tokens: { service: 5 }
  },
  ...(
    [
      [{ type: "grpc" }, 10 - 2 + 0.1],
      [{ type: "aws" }, 500 - 14],
      [{ type: "saturation", fastFailureCost: 0.5, earn: 1, slowPenalty: 3 }, 10 - 0.5 - 3],
      [{ type: "ratio", perSecond: 1, capacity: 4 }, 4 - 1 + 0.1]
    ] as const
  ).map(([budget, tokens]): Calls => ({
    name: `what two calls leave of the budget of ${budget.type}`,
    plan: {
      policy: retry({ attempts: 2 }, { budget, model: { type: "consecutive", failures: 99 } }),
      calls: [
        { at: 0, attempts: [fails, fails] },
        { at: 1_000, attempts: [throttled, works] }
      ]
    },
    tokens: { service: tokens }
  })),
  {
    name: "retries and budgets of keys are those of the pattern, and no key pays for another",
    plan: {
      policy: retry(
        { attempts: 2 },
        { overrides: { "b-*": { retry: { attempts: 3, base: 10 }, budget: { type: "ratio", capacity: 1, ratio: 0 } } } }
      ),
      calls: [
        { at: 0, key: "a", attempts: [fails] },
        { at: 0, key: "b-1", attempts: [fails] },
        { at: 1_000, key: "b-2", attempts: [fails, works] }
      ]
    },
    calls: [
      { result: "attempts", sent: [0, 100] },
      { result: "budget", sent: [0, 10] },
      { result: "success", sent: [1_000, 1_010] }
    ],
    tokens: { a: 9.9, "b-1": 0, "b-2": 0 }
  },
  {
    name: "a lone call of thirty failed attempts leaves the ledger closed at 0.6",
    plan: {
      policy: retry({ attempts: 30, base: 1, cap: 1 }, { budget: { type: "unlimited" } }),
      calls: [{ attempts: [fails] }]
    },
    calls: [{ result: "attempts", endedAt: 29 }],
    transitions: []
  }
]

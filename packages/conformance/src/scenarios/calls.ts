/** Whole calls: what composition costs, when a retry is sent, what a budget allows and what the errors hold. */
import { Outcome } from "@truce/core"
import type { Model } from "../Policy.ts"
import type { Calls } from "../Scenario.ts"
import type { Script } from "../Subject.ts"
import { asks, fails, retry, works } from "./replies.ts"
import { fixed } from "./vectors.ts"

const seconds = { attempts: 3, base: 1_000, cap: 10_000, jitter: "none" } as const
const failing: Script = { attempts: [fails] }

/** One caller, three attempts a call 1 s and 2 s apart, a dependency that fails at once: when the circuit opens, and after how much. */
const composition = (
  name: string,
  model: Model,
  order: "protect" | "fused",
  opens: { readonly calls: number; readonly last: number; readonly at: number }
): Calls => ({
  name: `three attempts a call, sequential: ${name}`,
  plan: {
    policy: { model, circuit: { openJitter: 0 }, retry: seconds, budget: { type: "unlimited" } },
    order,
    calls: Array<Script>(opens.calls).fill(failing)
  },
  calls: Array.from({ length: opens.calls }, (_, call) => {
    const sent = call === opens.calls - 1 ? opens.last : 3
    return {
      result: call === opens.calls - 1 && order === "protect" && sent < 3 ? "circuit-open" : "attempts",
      sent: [0, 1_000, 3_000].slice(0, sent).map((after) => call * 3_000 + after)
    } as const
  }),
  transitions: [{ at: opens.at, from: "Closed", to: "Open" }]
})

const everyAttempt: Model = { ...fixed, type: "ledger", discount: 1, allowSelfTrip: true }

const compositions: ReadonlyArray<Calls> = [
  composition("threshold 5 around the retry lets 15 through", { type: "consecutive" }, "fused", {
    calls: 5,
    last: 3,
    at: 15_000
  }),
  composition("threshold 5 inside the retry, 5", { type: "consecutive" }, "protect", { calls: 2, last: 2, at: 4_000 }),
  composition("the ledger with n = 5, 8", fixed, "protect", { calls: 3, last: 2, at: 7_000 }),
  composition("the ledger that halves no attempt, 5", everyAttempt, "protect", { calls: 2, last: 2, at: 4_000 }),
  composition("the ledger, 10", { type: "ledger" }, "protect", { calls: 4, last: 1, at: 9_000 })
]

const retries: ReadonlyArray<Calls> = [
  {
    name: "the backoff doubles up to its cap",
    plan: { policy: retry({ attempts: 7 }), calls: [{ attempts: [fails] }] },
    calls: [{ result: "attempts", sent: [0, 100, 300, 700, 1_500, 3_100, 5_100], endedAt: 5_100 }],
    transitions: []
  },
  ...(
    [
      ["the default range of factors", {}, [0.75 * 100, 1.25 * 200]],
      ["full", { jitter: "full" }, [25, 150]],
      ["equal", { jitter: "equal" }, [50 + 12.5, 100 + 75]],
      ["decorrelated", { jitter: "decorrelated" }, [150, 100 + 0.75 * 350]]
    ] as const
  ).map(([name, jitter, [first, second]]): Calls => ({
    name: `with draws of 0.25 and 0.75 the delays are those of the jitter: ${name}`,
    plan: {
      policy: { model: fixed, retry: { attempts: 3, ...jitter } },
      draws: [0.25, 0.75],
      calls: [{ attempts: [fails] }]
    },
    calls: [{ result: "attempts", sent: [0, first, first + second] }]
  })),
  {
    name: "a retry waits for what Retry-After asks, where that is longer",
    plan: { policy: retry({}), calls: [{ attempts: [asks(1_000), asks(10), works] }] },
    calls: [{ result: "success", sent: [0, 1_000, 1_200], endedAt: 1_200 }]
  },
  {
    name: "a Retry-After longer than is waited for ends the call",
    plan: { policy: retry({ maxRetryAfter: 5_000 }), calls: [{ attempts: [asks(5_000), asks(5_001), works] }] },
    calls: [{ result: "deadline", sent: [0, 5_000], endedAt: 5_000 }]
  },
  {
    name: "no retry starts past the deadline, and the wait for it is spared",
    plan: { policy: retry({ attempts: 9, deadline: 700 }), calls: [{ attempts: [fails] }] },
    calls: [{ result: "deadline", sent: [0, 100, 300, 700], endedAt: 700 }]
  },
  {
    name: "only retriable errors are tried again",
    plan: {
      policy: retry({}),
      calls: [
        { at: 0, attempts: [{ ends: "permanent" }] },
        { at: 1_000, attempts: [{ ends: "defect" }] },
        { at: 2_000, attempts: [{ ends: "interrupt" }] },
        { at: 3_000, attempts: [fails, { ends: "permanent" }] }
      ]
    },
    calls: [
      { result: "permanent", sent: [0] },
      { result: "defect", sent: [1_000] },
      { result: "interrupt", sent: [2_000] },
      { result: "permanent", sent: [3_000, 3_100] }
    ]
  },
  {
    name: "a call waits for the next admission where it may, inside the deadline only",
    plan: {
      policy: {
        model: { type: "consecutive", failures: 1 },
        circuit: { openJitter: 0 },
        retry: { jitter: "none", attempts: 1, deadline: 400, whenOpen: "wait" }
      },
      calls: [
        { at: 0, attempts: [fails] },
        { at: 50, attempts: [works] },
        { at: 150, attempts: [works] }
      ]
    },
    calls: [
      { result: "attempts", endedAt: 0 },
      { result: "CircuitOpen", sent: [] },
      { result: "success", sent: [500], endedAt: 500 }
    ]
  }
]

const interrupted: ReadonlyArray<Calls> = [
  {
    name: "a call that its caller gives up on was a timeout from the slowest recent success on, and says nothing before",
    plan: {
      policy: retry({}, { model: { type: "consecutive", failures: 1 } }),
      calls: [
        { at: 0, attempts: [{ ends: Outcome.success, millis: 500 }] },
        { at: 1_000, attempts: [{ ends: "interrupt", millis: 499 }] },
        { at: 2_000, attempts: [{ ends: "interrupt", millis: 500 }] }
      ]
    },
    calls: [
      { result: "success", endedAt: 500 },
      { result: "interrupt", endedAt: 1_499 },
      { result: "interrupt", endedAt: 2_500 }
    ],
    transitions: [{ at: 2_500, from: "Closed", to: "Open" }],
    tokens: { service: 9.8 }
  }
]

const rejected: ReadonlyArray<Calls> = [
  {
    name: "a rejection ends a call at once and burns no attempts; one that made some says so",
    plan: {
      policy: retry({ attempts: 5 }),
      calls: [
        { at: 0, attempts: [fails, fails, fails, fails, fails] },
        { at: 10, attempts: [fails] },
        { at: 20, attempts: [fails] },
        { at: 30, attempts: [fails] },
        { at: 115, attempts: [works] }
      ]
    },
    // 0.8 at 0, then 0.6, 0.4 and 0.2 by three more calls; the retry at 100 ms takes 0.1, and the second at 110 opens.
    calls: [
      { result: "circuit-open", sent: [0, 100], endedAt: 110 },
      { result: "circuit-open", sent: [10, 110], endedAt: 110 },
      { result: "circuit-open", sent: [20], endedAt: 110 },
      { result: "circuit-open", sent: [30], endedAt: 110 },
      { result: "CircuitOpen", sent: [], endedAt: 115 }
    ]
  },
  {
    name: "an open time that has ended rejects no more: who fails after it retries as a probe",
    plan: {
      policy: retry({ attempts: 2 }, { model: { type: "consecutive", failures: 2 } }),
      calls: [
        { at: 0, attempts: [{ ...fails, millis: 700 }, works] },
        { at: 10, attempts: [fails] },
        { at: 20, attempts: [fails] }
      ]
    },
    calls: [
      { result: "success", sent: [0, 800] },
      { result: "circuit-open", endedAt: 20 },
      { result: "circuit-open", endedAt: 20 }
    ],
    transitions: [
      { at: 20, from: "Closed", to: "Open" },
      { at: 800, from: "Open", to: "HalfOpen" }
    ]
  },
  {
    name: "the errors hold what was found",
    plan: {
      policy: retry({ attempts: 2 }),
      calls: [
        {
          at: 0,
          attempts: [
            { ...fails, millis: 40 },
            { ...fails, millis: 20 }
          ]
        },
        { at: 1_000, attempts: [fails] },
        { at: 2_000, attempts: [fails] },
        { at: 3_000, attempts: [fails] },
        { at: 3_200, attempts: [fails] }
      ]
    },
    calls: [
      {
        result: "attempts",
        trail: [
          { number: 0, start: 0, duration: 40, delay: 0, outcome: "Failure", state: "Closed", score: 0.8 },
          { number: 1, start: 140, duration: 20, delay: 100, outcome: "Failure", state: "Closed", score: 0.7 }
        ],
        message: "call to service ended after 2 attempts (attempts): Failed, Failed"
      },
      { result: "attempts" },
      { result: "attempts" },
      {
        result: "circuit-open",
        sent: [3_000],
        endedAt: 3_000,
        trail: [{ number: 0, start: 0, duration: 0, delay: 0, outcome: "Failure", state: "Open", score: 0 }],
        message: "call to service ended after 1 attempt (circuit-open): Failed"
      },
      {
        result: "CircuitOpen",
        sent: [],
        rejected: {
          _tag: "Rejected",
          key: "service",
          state: "Open",
          retryAfterMillis: 300,
          health: 0,
          generation: 1
        },
        message: "circuit service is open (Failed), retry after 300 ms"
      }
    ]
  }
]

export const calls: ReadonlyArray<Calls> = [...compositions, ...retries, ...interrupted, ...rejected]

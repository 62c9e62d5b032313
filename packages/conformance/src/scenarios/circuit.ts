/** The half-open gate, leases, stale permits, manual modes, clocks and open times. */
import { Outcome } from "@truce/core"
import type { Step, Steps } from "../Scenario.ts"
import type { End } from "../Subject.ts"
import { begin, control, end, steady, trip, wait } from "./steps.ts"
import { fixed } from "./vectors.ts"

const failure = Outcome.failure()

const late: ReadonlyArray<readonly [name: string, ends: End]> = [
  ["success", Outcome.success],
  ["failure", failure],
  ["defect", "defect"],
  ["interruption", "interrupt"]
]

const gate: ReadonlyArray<Steps> = [
  {
    name: "nothing is admitted before the open time ends, and one probe when it has",
    policy: steady,
    steps: [
      trip(),
      begin("early", {
        key: "a",
        state: "Open",
        retryAfterMillis: 500,
        health: 0,
        generation: 1,
        message: "circuit a is open (Failed), retry after 500 ms"
      }),
      wait(499),
      begin("earlier still", { state: "Open", retryAfterMillis: 1 }),
      wait(1, { a: { status: "Open", nextAdmission: undefined } }),
      begin("probe", "Admitted"),
      begin("second", {
        state: "HalfOpen",
        retryAfterMillis: 10_000,
        health: 0,
        generation: 2,
        message: "circuit a is half-open (Failed), retry after 10.0 s"
      }),
      end("probe", Outcome.success, { a: { status: "HalfOpen", score: 0.4, probes: 0 } }),
      begin("third", "Admitted"),
      end("third", Outcome.success, { a: { status: "Closed", score: 0.8, generation: 3, openings: 1 } })
    ],
    transitions: [
      {
        key: "a",
        from: "Closed",
        to: "Open",
        at: 0,
        generation: 1,
        openings: 1,
        until: 500,
        score: 0,
        mode: "Automatic"
      },
      { key: "a", from: "Open", to: "HalfOpen", at: 500, generation: 2, openings: 1, until: undefined, score: 0 },
      { key: "a", from: "HalfOpen", to: "Closed", at: 500, generation: 3, openings: 1, score: 0.8 }
    ]
  },
  {
    name: "as many probes as permits, and no more",
    policy: { model: fixed, circuit: { openJitter: 0, permits: 3 } },
    steps: [
      trip(),
      wait(500),
      begin("one"),
      begin("two"),
      begin("three"),
      begin("four", { state: "HalfOpen" }),
      end("two", Outcome.ignored, { a: { probes: 2, permits: 3, score: 0 } }),
      begin("five"),
      begin("six", { state: "HalfOpen" }),
      end("one", "interrupt"),
      end("three", "permanent", { a: { probes: 1, status: "HalfOpen" } }),
      end("five", "defect", { a: { probes: 0, status: "Open", openings: 2 } })
    ]
  },
  ...late.map(([name, ends]): Steps => ({
    name: `a lease ends: the slot is free, and a late ${name} of its probe is not heard`,
    policy: { model: fixed, circuit: { openJitter: 0, lease: 1_000 } },
    steps: [
      trip(),
      wait(500),
      begin("hung"),
      wait(999),
      begin("refused", { state: "HalfOpen", retryAfterMillis: 1 }),
      wait(1, { a: { probes: 0, nextAdmission: undefined } }),
      begin("next"),
      end("hung", ends, { a: { status: "HalfOpen", probes: 1, score: 0, generation: 2, nextAdmission: 2_500 } }),
      begin("refused again", { state: "HalfOpen", retryAfterMillis: 1_000 }),
      end("next", Outcome.success, { a: { status: "HalfOpen", score: 0.4, probes: 0 } }),
      begin("free", "Admitted")
    ]
  })),
  {
    name: "an attempt of another generation settles nothing",
    policy: steady,
    steps: [
      begin("stale"),
      { do: "begin", attempt: "stale too", keys: ["a"], byHand: true },
      trip(),
      end("stale", Outcome.success, { a: { status: "Open", score: 0, generation: 1 } }),
      {
        do: "control",
        key: "a",
        to: "reset",
        reason: "again",
        see: { a: { status: "Closed", score: 1, generation: 2 } }
      },
      end("stale too", failure, { a: { status: "Closed", score: 1, generation: 2 } }),
      end("stale too", failure, { a: { status: "Closed", score: 1, generation: 2 } })
    ]
  },
  {
    name: "open times double up to the longest, and begin anew after a rest",
    policy: { model: fixed, circuit: { openJitter: 0, openFor: 500, maxOpenFor: 1_500 } },
    steps: [
      trip(),
      wait(500),
      { do: "letters", key: "a", letters: "F", see: { a: { status: "Open", openings: 2, nextAdmission: 1_500 } } },
      wait(1_000),
      { do: "letters", key: "a", letters: "F", see: { a: { status: "Open", openings: 3, nextAdmission: 3_000 } } },
      wait(1_500),
      { do: "letters", key: "a", letters: "SS", see: { a: { status: "Closed", openings: 3 } } },
      wait(1_500),
      { do: "letters", key: "a", letters: "FFFF", see: { a: { status: "Open", openings: 1, nextAdmission: 5_000 } } }
    ]
  },
  {
    name: "open times may be a list, whose last counts from then on",
    policy: { model: { type: "consecutive", failures: 1 }, circuit: { openJitter: 0, openTimes: [100, 700, 300] } },
    steps: [
      { do: "letters", key: "a", letters: "F", see: { a: { nextAdmission: 100 } } },
      wait(100),
      { do: "letters", key: "a", letters: "F", see: { a: { nextAdmission: 800 } } },
      wait(700),
      { do: "letters", key: "a", letters: "F", see: { a: { nextAdmission: 1_100 } } },
      wait(300),
      { do: "letters", key: "a", letters: "F", see: { a: { nextAdmission: 1_400, openings: 4 } } }
    ]
  },
  {
    name: "Retry-After lengthens the open time up to its limit and never shortens it",
    policy: { model: fixed, circuit: { openJitter: 0, maxRetryAfter: 5_000 } },
    steps: ["a", "b", "c"].flatMap((key, index): ReadonlyArray<Step> => [
      { do: "letters", key, letters: "FFFF" },
      { do: "begin", attempt: key, keys: [key] },
      end(key, Outcome.failure({ retryAfterMillis: [3_000, 60_000, 10][index] }), {
        [key]: { status: "Open", nextAdmission: [3_000, 5_000, 500][index] }
      })
    ])
  },
  {
    name: "a light failure lowers a probe's score and does not reopen",
    policy: steady,
    steps: [
      trip(),
      wait(500),
      { do: "letters", key: "a", letters: "S" },
      begin("throttled"),
      end("throttled", Outcome.failure({ weight: 0.49 }), { a: { status: "HalfOpen", score: 0.302 } }),
      begin("failed"),
      end("failed", Outcome.failure({ weight: 0.5 }), { a: { status: "Open", openings: 2 } })
    ]
  }
]

const manual: ReadonlyArray<Steps> = [
  {
    name: "isolated: rejects until a person allows it",
    policy: steady,
    steps: [
      begin("before"),
      {
        do: "control",
        key: "a",
        to: "isolate",
        reason: "maintenance",
        see: { a: { status: "Isolated", nextAdmission: Infinity, generation: 1 } }
      },
      end("before", failure, { a: { score: 1 } }),
      wait(86_400_000),
      begin("after", {
        state: "Isolated",
        retryAfterMillis: Infinity,
        health: 1,
        generation: 1,
        message: "circuit a is isolated"
      }),
      { do: "record", key: "a", outcome: failure, see: { a: { score: 1 } } },
      {
        do: "control",
        key: "a",
        to: "reset",
        reason: "done",
        see: { a: { status: "Closed", score: 1, generation: 2 } }
      },
      begin("again", "Admitted")
    ],
    transitions: [
      { from: "Closed", to: "Isolated", mode: "Isolated", reason: "maintenance", at: 0, generation: 1 },
      { from: "Isolated", to: "Closed", mode: "Automatic", reason: "done", at: 86_400_000, generation: 2 }
    ]
  },
  {
    name: "disabled: admits whatever the score, which goes on",
    policy: steady,
    steps: [
      trip(),
      { do: "control", key: "a", to: "disable", reason: "trust me", see: { a: { status: "Disabled", generation: 2 } } },
      {
        do: "letters",
        key: "a",
        letters: "FF",
        see: { a: { status: "Disabled", score: 0, nextAdmission: undefined } }
      },
      { do: "letters", key: "a", letters: "S", scores: [0.4] }
    ]
  },
  {
    name: "observing: the rules decide and nothing is rejected; an attempt they would have refused is not judged",
    policy: steady,
    steps: [
      { do: "control", key: "a", to: "observe", reason: "a trial", see: { a: { status: "Closed", generation: 1 } } },
      trip(),
      begin("refused by the rules", "Admitted"),
      end("refused by the rules", Outcome.success, { a: { status: "Open", score: 0, nextAdmission: undefined } }),
      wait(500),
      begin("probe", "Admitted"),
      begin("beside it", "Admitted"),
      end("beside it", failure, { a: { status: "HalfOpen", score: 0 } }),
      end("probe", Outcome.success, { a: { status: "HalfOpen", score: 0.4 } })
    ],
    transitions: [
      { from: "Closed", to: "Closed", mode: "Observing", reason: "a trial" },
      { from: "Closed", to: "Open", mode: "Observing", reason: "" },
      { from: "Open", to: "HalfOpen", mode: "Observing" }
    ]
  },
  {
    name: "evidence from outside moves the score and may open",
    policy: steady,
    steps: [
      { do: "record", key: "a", outcome: failure, see: { a: { score: 0.8, generation: 0 } } },
      { do: "letters", key: "a", letters: "FFF" },
      { do: "record", key: "a", outcome: failure, see: { a: { status: "Open" } } },
      { do: "record", key: "a", outcome: Outcome.success, see: { a: { status: "Open", score: 0 } } }
    ]
  }
]

const clocks: ReadonlyArray<Steps> = [
  ...[3_600_000, -3_600_000].map((millis): Steps => ({
    name: `a step of the wall clock by ${millis} ms moves no circuit`,
    policy: steady,
    steps: [
      trip(),
      { do: "letters", key: "b", letters: "F" },
      control("c", "isolate"),
      { do: "wall", millis, see: { a: { status: "Open", nextAdmission: 500 }, b: { score: 0.8 }, c: { since: 0 } } },
      wait(499),
      begin("early", { state: "Open", retryAfterMillis: 1 }),
      { do: "wall", millis },
      wait(1, { b: { score: 0.8, since: 0 }, c: { status: "Isolated", since: 0 } }),
      begin("probe", "Admitted"),
      { do: "wall", millis: -3 * millis },
      wait(9_999, { a: { probes: 1 } }),
      begin("refused", { state: "HalfOpen", retryAfterMillis: 1 }),
      wait(1, { a: { probes: 0, since: 500 } }),
      begin("next", "Admitted")
    ]
  })),
  {
    name: "a clock that jumps back heals nothing and opens nothing",
    policy: { model: { type: "ledger", guard: 0 }, circuit: { openJitter: 0 } },
    steps: [
      wait(100_000),
      { do: "letters", key: "a", letters: "FF", scores: [0.8, 0.6] },
      wait(-50_000, { a: { score: 0.6, status: "Closed" } }),
      { do: "letters", key: "a", letters: "F", scores: [0.4] },
      wait(50_000, { a: { score: 0.4 } }),
      { do: "letters", key: "a", letters: "FF" },
      wait(-1_000),
      begin("in the past", { state: "Open", retryAfterMillis: 1_500 }),
      wait(1_500),
      begin("probe", "Admitted")
    ]
  },
  {
    name: "slow successes: half a failure by weight, and a failed probe from a weight of a half on",
    policy: { model: fixed, circuit: { openJitter: 0, slowWeight: 0.5 } },
    steps: [
      { do: "letters", key: "a", letters: "FFLL", scores: [0.8, 0.6, 0.7, 0.8] },
      { do: "letters", key: "a", letters: "FFFF" },
      wait(500),
      { do: "letters", key: "a", letters: "L", scores: ["OPEN"] }
    ]
  }
]

export const circuit: ReadonlyArray<Steps> = [...gate, ...manual, ...clocks]

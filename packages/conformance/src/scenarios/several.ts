/** What is asked of several keys at once, as a transaction and around an effect (`executeAll`): all or none. */
import { Outcome } from "@truce/core"
import type { Step, Steps } from "../Scenario.ts"
import type { End } from "../Subject.ts"
import { begin, control, end, steady, trip, wait } from "./steps.ts"

type Keys = readonly [string, ...Array<string>]

const failure = Outcome.failure()

/** One attempt on several keys. */
type Ask = (attempt: string, keys: Keys, told?: Step["told"], see?: Step["see"]) => Step

const asking =
  (byHand: boolean): Ask =>
  (attempt, keys, told, see) => ({
    ...begin(attempt, told, [...keys]),
    ...(byHand ? { byHand } : {}),
    ...(see === undefined ? {} : { see })
  })

/** What comes of one probe of two half-open circuits. */
const settled: ReadonlyArray<readonly [name: string, ends: End, see: NonNullable<Step["see"]>[string]]> = [
  ["a success", Outcome.success, { status: "HalfOpen", score: 0.4, probes: 0, generation: 2 }],
  ["a failure", failure, { status: "Open", score: 0, openings: 2, generation: 3, nextAdmission: 1_500 }],
  ["a defect", "defect", { status: "Open", score: 0, openings: 2, generation: 3, nextAdmission: 1_500 }],
  ["an outcome that says nothing", Outcome.ignored, { status: "HalfOpen", score: 0, probes: 0, generation: 2 }],
  ["a permanent error", "permanent", { status: "HalfOpen", score: 0.4, probes: 0, generation: 2 }],
  ["a local error", "local", { status: "HalfOpen", score: 0, probes: 0, generation: 2 }],
  ["an interruption", "interrupt", { status: "HalfOpen", score: 0, probes: 0, generation: 2 }]
]

const both = (how: string, ask: Ask): ReadonlyArray<Steps> => [
  {
    name: `several keys admit together or not at all, ${how}`,
    policy: steady,
    steps: [
      trip("b"),
      ask("both", ["a", "b"], { key: "b", state: "Open" }),
      wait(500),
      trip("a"),
      ask("one open", ["b", "a"], { key: "a" }),
      wait(499, { b: { status: "Open", probes: 0, generation: 1 } }),
      wait(1),
      ask("free", ["a", "b"]),
      end("free", Outcome.success, {
        a: { status: "HalfOpen", score: 0.4, probes: 0 },
        b: { status: "HalfOpen", score: 0.4, probes: 0 }
      })
    ]
  },
  {
    name: `several keys are rejected in the name of the first of them that rejects, whatever its state, ${how}`,
    policy: steady,
    steps: [
      trip("b"),
      ask("open", ["a", "b"], {
        key: "b",
        state: "Open",
        retryAfterMillis: 500,
        health: 0,
        generation: 1,
        message: "circuit b is open (Failed), retry after 500 ms"
      }),
      wait(500),
      begin("probe", "Admitted", ["b"]),
      ask("half-open", ["a", "b"], {
        key: "b",
        state: "HalfOpen",
        retryAfterMillis: 10_000,
        health: 0,
        generation: 2,
        message: "circuit b is half-open (Failed), retry after 10.0 s"
      }),
      control("c", "isolate"),
      ask("isolated", ["a", "c"], {
        key: "c",
        state: "Isolated",
        retryAfterMillis: Infinity,
        health: 1,
        generation: 1,
        message: "circuit c is isolated"
      }),
      ask("first", ["a", "b", "c"], { key: "b", state: "HalfOpen" }),
      ask(
        "last",
        ["c", "a", "b"],
        { key: "c", state: "Isolated" },
        { a: { status: "Closed", score: 1, generation: 0 } }
      ),
      ask("all but them", ["d", "a"], "Admitted")
    ]
  },
  {
    name: `several keys take a probe of none where one of them rejects, wherever it stands among them, ${how}`,
    policy: steady,
    steps: [
      trip("a"),
      wait(500),
      control("b", "isolate"),
      ...[["a", "b"] as const, ["b", "a"] as const, ["c", "b", "a"] as const].map((keys) =>
        ask(
          keys.join(),
          keys,
          { key: "b" },
          {
            a: { status: "Open", probes: 0, generation: 1, nextAdmission: undefined },
            b: { status: "Isolated", generation: 1 }
          }
        )
      ),
      begin("probe", "Admitted"),
      trip("c"),
      wait(500),
      ask(
        "a is taken",
        ["c", "a"],
        { key: "a", state: "HalfOpen", retryAfterMillis: 9_500 },
        {
          a: { status: "HalfOpen", probes: 1 },
          c: { status: "Open", probes: 0, generation: 1, nextAdmission: undefined }
        }
      ),
      end("probe", Outcome.success),
      ask("both are free", ["c", "a"], "Admitted", {
        a: { status: "HalfOpen", probes: 1, score: 0.4 },
        c: { status: "HalfOpen", probes: 1, generation: 2 }
      })
    ],
    transitions: [
      { key: "a", from: "Closed", to: "Open" },
      { key: "b", from: "Closed", to: "Isolated" },
      { key: "a", from: "Open", to: "HalfOpen" },
      { key: "c", from: "Closed", to: "Open" },
      { key: "c", from: "Open", to: "HalfOpen" }
    ]
  },
  ...settled.map(([name, ends, see]): Steps => ({
    name: `several keys: one attempt is one probe of each, and ${name} is heard by all of them, ${how}`,
    policy: steady,
    steps: [
      trip("a"),
      trip("b"),
      wait(500),
      ask("probe", ["a", "b"], "Admitted", {
        a: { status: "HalfOpen", probes: 1 },
        b: { status: "HalfOpen", probes: 1 }
      }),
      ask("second", ["b", "a"], { key: "b", state: "HalfOpen" }),
      end("probe", ends, { a: see, b: see })
    ]
  })),
  {
    name: `several keys close by the probes they share, ${how}`,
    policy: steady,
    steps: [
      trip("a"),
      trip("b"),
      wait(500),
      ask("one", ["a", "b"]),
      end("one", Outcome.success),
      ask("two", ["a", "b"]),
      end("two", Outcome.success, {
        a: { status: "Closed", score: 0.8, generation: 3 },
        b: { status: "Closed", score: 0.8, generation: 3 }
      })
    ]
  },
  {
    name: `several keys open by what they share, which each key alone then sees, ${how}`,
    policy: steady,
    steps: [
      ask("first", ["a", "b"]),
      end("first", failure, { a: { score: 0.8 }, b: { score: 0.8 } }),
      { do: "letters", key: "b", letters: "F", scores: [0.6] },
      ...["second", "third", "fourth"].flatMap((attempt) => [ask(attempt, ["a", "b"]), end(attempt, failure)]),
      begin("of b", { key: "b", state: "Open" }, ["b"]),
      { do: "letters", key: "a", letters: "F", scores: ["OPEN"] },
      begin("of a", { key: "a", state: "Open" })
    ]
  },
  {
    name: `several keys: one that was reset meanwhile does not hear an attempt, and the others do, ${how}`,
    policy: steady,
    steps: [
      ask("stale", ["a", "b"]),
      control("a", "reset"),
      end("stale", failure, { a: { score: 1, generation: 1 }, b: { score: 0.8, generation: 0 } })
    ]
  },
  {
    name: `several keys: with its lease a probe loses the slot of each, ${how}`,
    policy: steady,
    steps: [
      trip("a"),
      trip("b"),
      wait(500),
      ask("hung", ["a", "b"]),
      wait(9_999, { a: { probes: 1 }, b: { probes: 1 } }),
      wait(1, { a: { probes: 0 }, b: { probes: 0 } }),
      end("hung", failure, { a: { status: "HalfOpen", generation: 2 }, b: { status: "HalfOpen", generation: 2 } }),
      ask("next", ["a", "b"], "Admitted")
    ]
  },
  {
    name: `several keys of which one is named twice ask it once and settle it once, ${how}`,
    policy: { ...steady, circuit: { openJitter: 0, permits: 3 } },
    steps: [
      ask("closed", ["a", "a", "b"]),
      end("closed", failure, { a: { score: 0.8 }, b: { score: 0.8 } }),
      { do: "letters", key: "b", letters: "FFFF", see: { b: { status: "Open" } } },
      wait(500),
      ask("probe", ["b", "a", "b"], "Admitted", { b: { probes: 1 } }),
      end("probe", Outcome.success, { b: { probes: 0, score: 0.4 } })
    ]
  }
]

const ofCall = (attempt: string, keys: Keys): Step => ({ do: "begin", attempt, keys, call: "call" })

const calls: Steps = {
  name: "several keys: the attempts of one call weigh less and less, apart from those of each key alone",
  policy: steady,
  steps: [
    ofCall("one", ["a", "b"]),
    end("one", failure, { a: { score: 0.8 }, b: { score: 0.8 } }),
    ofCall("two", ["a", "b"]),
    end("two", failure, { a: { score: 0.7 }, b: { score: 0.7 } }),
    ofCall("three", ["a", "b"]),
    end("three", failure, { a: { score: 0.65 }, b: { score: 0.65 } }),
    ofCall("of a", ["a"]),
    end("of a", failure, { a: { score: 0.45 }, b: { score: 0.65 } }),
    ofCall("of a again", ["a"]),
    end("of a again", failure, { a: { score: 0.35 } })
  ]
}

export const several: ReadonlyArray<Steps> = [
  ...both("as a transaction", asking(true)),
  ...both("around an effect", asking(false)),
  calls
]

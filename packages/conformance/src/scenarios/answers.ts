/** What answers, local errors and dependencies that speak for all callers do to a circuit. */
import { Outcome } from "@truce/core"
import type { Steps } from "../Scenario.ts"
import { begin, end, steady, trip, wait } from "./steps.ts"

const quota = (retryAfterMillis?: number) =>
  Outcome.failure({ weight: Outcome.throttleWeight, saturated: true, opens: true, retryAfterMillis })

export const answers: ReadonlyArray<Steps> = [
  {
    name: "a closed circuit learns nothing of an answer: it heals nothing and resets nothing",
    policy: steady,
    steps: [
      { do: "letters", key: "a", letters: "FFAAAAFF", scores: [0.8, 0.6, 0.6, 0.6, 0.6, 0.6, 0.4, 0.2] },
      { do: "letters", key: "a", letters: "F", see: { a: { status: "Open" } } }
    ]
  },
  {
    name: "under consecutive failures an answer between them resets nothing",
    policy: { model: { type: "consecutive", failures: 3 }, circuit: { openJitter: 0 } },
    steps: [
      { do: "letters", key: "a", letters: "FFAF", see: { a: { status: "Open" } } },
      { do: "letters", key: "b", letters: "FFSF", see: { b: { status: "Closed" } } }
    ]
  },
  {
    name: "a dependency that answers no to everything closes its circuit",
    policy: steady,
    steps: [
      trip(),
      wait(500),
      begin("first"),
      end("first", "permanent", { a: { status: "HalfOpen", score: 0.4, probes: 0 } }),
      begin("second"),
      end("second", Outcome.answered, { a: { status: "Closed", score: 0.8 } })
    ]
  },
  {
    name: "a local error says nothing, of a probe neither",
    policy: steady,
    steps: [
      { do: "letters", key: "a", letters: "F", scores: [0.8] },
      begin("closed"),
      end("closed", "local", { a: { score: 0.8 } }),
      { do: "letters", key: "a", letters: "FFFF" },
      wait(500),
      begin("probe"),
      end("probe", "local", { a: { status: "HalfOpen", score: 0, probes: 0 } })
    ]
  },
  {
    name: "a dependency that speaks for all callers opens at once, until its Retry-After",
    policy: { ...steady, circuit: { openJitter: 0, maxRetryAfter: 40_000 } },
    steps: [
      begin("one"),
      begin("two"),
      end("one", quota(30_000), { a: { status: "Open", nextAdmission: 30_000, openings: 1 } }),
      end("two", quota(30_000), { a: { status: "Open", nextAdmission: 30_000, openings: 1 } }),
      begin("early", { state: "Open", retryAfterMillis: 30_000 }),
      begin("on b", "Admitted", ["b"]),
      end("on b", quota(3_600_000), { b: { status: "Open", nextAdmission: 40_000 } }),
      begin("on c", "Admitted", ["c"]),
      end("on c", quota(), { c: { status: "Open", nextAdmission: 500 } })
    ]
  },
  {
    name: "a probe that finds the quota spent still reopens, however light it is",
    policy: steady,
    steps: [
      trip(),
      wait(500),
      { do: "letters", key: "a", letters: "S" },
      begin("probe"),
      end("probe", quota(9_000), { a: { status: "Open", nextAdmission: 9_500, openings: 2 } })
    ]
  }
]

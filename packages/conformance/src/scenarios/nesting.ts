/** Attempts inside attempts of the same key: a probe's permit is lent inwards. */
import { Outcome } from "@truce/core"
import type { Steps } from "../Scenario.ts"
import { begin, end, inside, steady, trip, wait } from "./steps.ts"

export const nesting: ReadonlyArray<Steps> = [
  {
    name: "an attempt inside a probe runs under its permit, and is settled in its place",
    policy: steady,
    steps: [
      trip(),
      wait(500),
      begin("outer"),
      inside("outer", "inner", "Admitted"),
      end("inner", Outcome.success, { a: { score: 0.4, probes: 0, status: "HalfOpen" } }),
      end("outer", Outcome.success, { a: { score: 0.4, probes: 0, status: "HalfOpen" } })
    ]
  },
  {
    name: "so does one inside that, however deep; the innermost is heard alone",
    policy: steady,
    steps: [
      trip(),
      wait(500),
      begin("page 0"),
      inside("page 0", "page 1", "Admitted"),
      inside("page 1", "page 2", "Admitted"),
      inside("page 2", "page 3", "Admitted"),
      end("page 3", "permanent", { a: { score: 0.4 } }),
      end("page 2", Outcome.failure(), { a: { score: 0.4 } }),
      end("page 1", Outcome.success, { a: { score: 0.4 } }),
      end("page 0", Outcome.success, { a: { score: 0.4, status: "HalfOpen", probes: 0 } })
    ]
  },
  {
    name: "a permit is taken over once: those beside it ask for their own",
    policy: steady,
    steps: [
      trip(),
      wait(500),
      begin("outer"),
      inside("outer", "first", "Admitted"),
      inside("outer", "beside", { state: "HalfOpen" }),
      end("first", Outcome.success, { a: { score: 0.4, probes: 0 } }),
      inside("outer", "after", "Admitted"),
      end("after", Outcome.success, { a: { status: "Closed", score: 0.8 } }),
      end("outer", Outcome.failure(), { a: { status: "Closed", score: 0.8 } })
    ]
  },
  {
    name: "what fails inside reopens, and what is around it says nothing more",
    policy: steady,
    steps: [
      trip(),
      wait(500),
      begin("outer"),
      inside("outer", "inner", "Admitted"),
      end("inner", Outcome.failure(), { a: { status: "Open", openings: 2 } }),
      inside("outer", "retry", { state: "Open" }),
      end("outer", Outcome.success, { a: { status: "Open", openings: 2 } })
    ]
  },
  {
    name: "what goes on inside after the probe has ended is heard, and what begins then asks for its own",
    policy: steady,
    steps: [
      trip(),
      wait(500),
      begin("outer"),
      inside("outer", "daemon", "Admitted"),
      end("outer", Outcome.failure(), { a: { status: "HalfOpen", score: 0, probes: 1 } }),
      begin("other", { state: "HalfOpen" }),
      end("daemon", Outcome.success, { a: { score: 0.4, probes: 0 } })
    ]
  },
  {
    name: "a lease that has ended is lent no more",
    policy: { ...steady, circuit: { openJitter: 0, lease: 1_000 } },
    steps: [
      trip(),
      wait(500),
      begin("outer"),
      wait(1_000),
      inside("outer", "inner", "Admitted"),
      end("inner", Outcome.success, { a: { score: 0.4, probes: 0 } }),
      end("outer", Outcome.success, { a: { score: 0.4 } })
    ]
  },
  {
    name: "a circuit that closed meanwhile lends nothing: each is heard",
    policy: { ...steady, circuit: { openJitter: 0, permits: 2 } },
    steps: [
      trip(),
      wait(500),
      begin("outer"),
      begin("beside"),
      end("beside", Outcome.success),
      begin("again"),
      end("again", Outcome.success, { a: { status: "Closed", score: 0.8 } }),
      inside("outer", "inner", "Admitted"),
      end("inner", Outcome.failure(), { a: { score: 0.6 } }),
      end("outer", Outcome.failure(), { a: { score: 0.6 } })
    ]
  },
  {
    name: "probes of two keys nest, and each lends its own",
    policy: steady,
    steps: [
      trip("a"),
      trip("b"),
      wait(500),
      begin("service", "Admitted", ["a"]),
      inside("service", "repository", "Admitted", ["b"]),
      inside("repository", "again", "Admitted", ["a"]),
      end("again", Outcome.success, { a: { score: 0.4 }, b: { score: 0, probes: 1 } }),
      end("repository", Outcome.success, { b: { score: 0.4, probes: 0 } }),
      end("service", Outcome.success, { a: { score: 0.4 }, b: { score: 0.4 } })
    ]
  },
  {
    name: "an attempt under several circuits takes over what is lent of them, and lends its own",
    policy: steady,
    steps: [
      trip("a"),
      trip("b"),
      wait(500),
      begin("outer", "Admitted", ["a"]),
      inside("outer", "both", "Admitted", ["a", "b"]),
      inside("both", "one", "Admitted", ["b"]),
      end("one", Outcome.success, { b: { score: 0.4, probes: 0 } }),
      end("both", Outcome.success, { a: { score: 0.4, probes: 0 }, b: { score: 0.4 } }),
      end("outer", Outcome.success, { a: { score: 0.4 } })
    ]
  },
  {
    name: "where another of the circuits rejects, nothing that was lent is taken",
    policy: steady,
    steps: [
      trip("a"),
      wait(400),
      trip("b"),
      wait(100),
      begin("outer", "Admitted", ["a"]),
      inside("outer", "both", { key: "b", state: "Open" }, ["a", "b"]),
      inside("outer", "alone", "Admitted", ["a"]),
      end("alone", Outcome.success, { a: { score: 0.4, probes: 0 } }),
      end("outer", Outcome.success, { a: { score: 0.4 } })
    ]
  }
]

/** What interruption says: nothing, unless the attempt had waited in vain. */
import { Outcome } from "@truce/core"
import type { Step, Steps } from "../Scenario.ts"
import { end, steady, timed, trip, wait } from "./steps.ts"

/** A success that took so long. */
const took = (millis: number, key = "a"): ReadonlyArray<Step> => [
  timed(`took ${millis}`, key),
  wait(millis),
  end(`took ${millis}`, Outcome.success)
]

export const interruptions: ReadonlyArray<Steps> = [
  {
    name: "before a success was timed, no interruption says anything",
    policy: steady,
    steps: [timed("first"), wait(60_000), end("first", "interrupt", { a: { score: 1 } })]
  },
  {
    name: "an interruption before the slowest recent success says nothing, one after it is a timeout",
    policy: steady,
    steps: [
      ...took(300),
      timed("early"),
      wait(290),
      end("early", "interrupt", { a: { score: 1 } }),
      timed("late"),
      wait(300),
      end("late", "interrupt", { a: { score: 0.8 } })
    ]
  },
  {
    name: "an interruption says nothing where something has succeeded since the attempt began, or was answered",
    policy: steady,
    steps: [
      ...took(100),
      timed("hung"),
      wait(1_000),
      timed("other"),
      end("other", Outcome.success),
      end("hung", "interrupt", { a: { score: 1 } }),
      wait(1),
      timed("hung too"),
      wait(1_000),
      timed("answered"),
      end("answered", "permanent"),
      end("hung too", "interrupt", { a: { score: 1 } })
    ]
  },
  {
    name: "ten clients that hang up on a healthy dependency open nothing",
    policy: steady,
    steps: [
      ...took(300),
      ...Array.from({ length: 10 }, (_, client): Step => timed(`client ${client}`)),
      wait(270),
      ...Array.from({ length: 10 }, (_, client): Step => end(`client ${client}`, "interrupt", { a: { score: 1 } }))
    ]
  },
  {
    name: "a hang behind callers who give up opens as timeouts do",
    policy: steady,
    steps: [
      ...took(50),
      wait(1),
      ...Array.from({ length: 5 }, (_, client): Step => timed(`client ${client}`)),
      wait(300),
      ...Array.from({ length: 5 }, (_, client): Step => end(`client ${client}`, "interrupt")),
      wait(0, { a: { status: "Open" } })
    ]
  },
  {
    name: "the slowest success is forgotten by half in ten minutes",
    policy: steady,
    steps: [
      ...took(1_000),
      wait(600_000),
      timed("early"),
      wait(499),
      end("early", "interrupt", { a: { score: 1 } }),
      timed("late"),
      wait(500),
      end("late", "interrupt", { a: { score: 0.8 } })
    ]
  },
  {
    name: "a probe that was abandoned gives its permit back, and reopens where it had waited in vain",
    policy: steady,
    steps: [
      ...took(200),
      trip(),
      wait(500),
      timed("early"),
      wait(100),
      end("early", "interrupt", { a: { status: "HalfOpen", probes: 0, score: 0 } }),
      timed("late"),
      wait(200),
      end("late", "interrupt", { a: { status: "Open", openings: 2 } })
    ]
  }
]

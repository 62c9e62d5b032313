import type { Trace, Traces } from "../src/Journal.ts"
import { DesignId, Receipt } from "../src/Protocol.ts"
import type { Recording } from "../src/Run.ts"
import { scenarios, timeline } from "../src/Scenario.ts"

const calls = 20

const trace = (design: DesignId): Trace => ({
  attempts: Array.from({ length: calls }, (_, call) => ({
    _tag: "Attempt",
    design,
    call,
    attempt: 0,
    from: call * 500,
    to: call * 500 + 20,
    outcome: "Answered"
  })),
  calls: Array.from({ length: calls }, (_, call) => ({
    _tag: "Call",
    design,
    call,
    from: call * 500,
    to: call * 500 + 20,
    outcome: "Served"
  })),
  transitions: [
    { _tag: "Transition", design, at: 3200, to: "Open" },
    { _tag: "Transition", design, at: 7000, to: "HalfOpen" },
    { _tag: "Transition", design, at: 7100, to: "Closed" }
  ],
  scores: [{ _tag: "Score", design, at: 0, score: 1 }]
})

/** A sound one of the outage from 3 to 6 s: a call every half second, and a circuit that opens after 3.2 s and closes after 7.1 s. */
export const recording: Recording = {
  scenario: "outage",
  seed: 1,
  timeline: timeline(scenarios.outage, 10_000),
  arrivals: Array.from({ length: calls }, (_, call) => call * 500),
  traces: { fused: trace("fused"), outside: trace("outside"), truce: trace("truce") },
  receipts: DesignId.literals.flatMap((design) =>
    Array.from({ length: calls }, (_, call) => new Receipt({ design, call, attempt: 0, at: call * 500 + 1 }))
  )
}

export const withTruce = (change: (trace: Trace) => Trace): Recording => {
  const traces: Traces = { ...recording.traces, truce: change(recording.traces.truce) }
  return { ...recording, traces }
}

import { describe, expect, it } from "vitest"
import * as Frame from "../src/Frame.ts"
import { measure } from "../src/Measure.ts"
import type { Recording } from "../src/Run.ts"
import { end, names, phaseAt, scenarios, seconds, timeline } from "../src/Scenario.ts"
import { judge } from "../src/Soundness.ts"
import * as Table from "../src/Table.ts"
import { render, width, wrap } from "../src/Text.ts"
import { recording, withTruce } from "./recording.ts"

describe("a timeline", () => {
  it("has no gap and lasts as long as asked", () => {
    for (const name of names) {
      const phases = timeline(scenarios[name], 8000)
      expect(end(phases)).toBeCloseTo(8000)
      phases.forEach((phase, index) => expect(phase.from).toBe(phases[index - 1]?.to ?? 0))
    }
  })

  it("leaves time in forty seconds to start and to report", () => {
    for (const name of names) expect(seconds(scenarios[name])).toBeLessThanOrEqual(35)
  })

  it("keeps its last phase after its end", () => {
    expect(phaseAt(recording.timeline, 99_000).fault._tag).toBe("Healthy")
  })
})

describe("the verdict", () => {
  const problems = (of: Recording) => judge(of).problems.join("\n")

  it("finds no problem in a sound run", () => {
    expect(problems(recording)).toBe("")
  })

  it("finds an answered request that the server did not receive", () => {
    expect(problems({ ...recording, receipts: recording.receipts.slice(1) })).toMatch(/Retry inside: 1 request/)
  })

  it("finds a request that the client did not send", () => {
    const unsent = withTruce((trace) => ({ ...trace, attempts: trace.attempts.slice(0, -1) }))
    expect(problems(unsent)).toMatch(/Truce: 1 requests reached the server that the client did not send/)
  })

  it("counts a request that timed out before it reached the server", () => {
    const timedOut = withTruce((trace) => ({
      ...trace,
      attempts: trace.attempts.map((attempt) => (attempt.call === 0 ? { ...attempt, outcome: "Timeout" } : attempt)),
      calls: trace.calls.map((call) => (call.call === 0 ? { ...call, outcome: "Failed" } : call))
    }))
    const receipts = recording.receipts.filter(({ call, design }) => design !== "truce" || call !== 0)
    const { facts, problems } = judge({ ...timedOut, receipts })
    expect(problems).toEqual([])
    expect(facts.join("\n")).toMatch(/Truce 20, 19 \(1 timed out on the way\)/)
  })

  it("finds a call without a result, and one with two", () => {
    expect(problems(withTruce((trace) => ({ ...trace, calls: trace.calls.slice(1) })))).toMatch(
      /1 calls have no result/
    )
    const twice = withTruce((trace) => ({ ...trace, calls: [...trace.calls, ...trace.calls.slice(0, 1)] }))
    expect(problems(twice)).toMatch(/1 calls have a second result/)
  })

  it("finds a result that is not that of the last attempt", () => {
    const untrue = withTruce((trace) => ({
      ...trace,
      calls: trace.calls.map((call) => ({ ...call, outcome: "Rejected" }))
    }))
    expect(problems(untrue)).toMatch(/20 results are not those of the last attempt/)
  })

  it("finds a circuit that did not open in the outage, or did not close after it", () => {
    expect(problems(withTruce((trace) => ({ ...trace, transitions: [] })))).toMatch(
      /did not open in the outage at 3.0 s/
    )
    const stuck = withTruce((trace) => ({ ...trace, transitions: trace.transitions.slice(0, 1) }))
    expect(problems(stuck)).toMatch(/did not close after the outage at 3.0 s/)
  })

  it("finds calls that started seconds late, and mentions those that started a little late", () => {
    const later = (millis: number) =>
      withTruce((trace) => ({
        ...trace,
        calls: trace.calls.map((call) => ({ ...call, from: call.from + millis }))
      }))
    expect(problems(later(4_000))).toMatch(/calls started 4000 ms late/)
    expect(judge(later(400)).problems).toEqual([])
    expect(judge(later(400)).facts.join()).toMatch(/calls started up to 400 ms late/)
  })
})

describe("the table", () => {
  const measures = measure(recording, "truce")

  it("counts what the server received until the circuit opened, and until the fault was over", () => {
    expect(measures.faults[0]?.absorbed).toEqual({ _tag: "Opened", requests: 1 })
    expect(measures.faults[0]?.requests).toBe(6)
  })

  it("counts the time until the circuit closed for good", () => {
    expect(measures.faults[0]?.recovery).toEqual({ _tag: "Recovered", after: 1100 })
  })

  it("is aligned, and marks the best of a row unless all are alike", () => {
    const worse = { ...measures, availability: 0.5 }
    const table = Table.make([worse, measures, measures])
    const lines = Table.lines(table)
    const [head, ...rows] = lines.filter((line) => line.length > 1).map((line) => width(line))
    for (const row of rows) expect(row).toBe(head)
    expect(table.rows[0]?.cells.map(({ isBest }) => isBest)).toEqual([false, true, true])
    expect(table.rows.slice(1).some(({ cells }) => cells.some(({ isBest }) => isBest))).toBe(false)
  })
})

describe("the picture", () => {
  it("fits a terminal of 80 columns and 24 rows", () => {
    const frame = Frame.frame({ ...recording, now: 5000 }, 80)
    expect(frame.length).toBeLessThanOrEqual(24)
    for (const line of frame) expect(width(line), render(line)).toBeLessThanOrEqual(80)
  })
})

describe("a sentence", () => {
  it("breaks between words", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"])
  })
})

import { type Circuit, Outcome } from "@truce/core"
import type { Called, Rejected, Retried, Settled, Transitioned } from "../EventLog.ts"
import {
  type Attributes,
  type Instrument,
  type Recording,
  type Update,
  counter,
  gauge,
  histogram
} from "../platform/Metric.ts"

const attempts = counter("truce.attempts", "Attempts that were settled.")
const calls = counter("truce.calls", "Calls under Truce.protect that ended.")
const callAttempts = counter("truce.call.attempts", "Attempts of the calls that ended.")
const rejections = counter("truce.rejections", "Attempts that were not admitted.")
const retries = counter("truce.retries", "Retries that were sent.")
const tokensSpent = counter("truce.budget.spent", "Tokens that the retries sent have cost.")
const transitions = counter("truce.circuit.transitions", "Changes of a circuit's state or mode.")
const manualChanges = counter("truce.circuit.manual_changes", "Changes of a circuit by an operator.")
const circuits = gauge("truce.circuit.state", "Circuits in this state: 0 or 1 for one key.")
const health = gauge("truce.health.score", "The health score from 0 to 1; where keys share a series, the lowest.")
const failing = gauge(
  "truce.health.strain",
  "The share of recent attempts that failed; where keys share a series, the highest."
)
const tokensLeft = gauge("truce.budget.tokens", "Tokens left for retries; where keys share a series, the fewest.")
const amplification = gauge("truce.amplification", "Attempts per call, of the calls that ended in the last interval.")

/** The durations of attempts and calls, in seconds. */
export interface Durations {
  readonly attempt: Instrument
  readonly call: Instrument
}

export const durations = (boundaries: ReadonlyArray<number>): Durations => ({
  attempt: histogram("truce.attempt.duration", "How long attempts took.", boundaries),
  call: histogram(
    "truce.call.duration",
    "How long calls took, with all their attempts and the waits between.",
    boundaries
  )
})

/** What is read of one circuit, or of several that share a series: then the worst of them. */
export interface Reading {
  readonly states: { readonly [status in Circuit.Status]: number }
  readonly score: number
  readonly strain: number
  readonly tokens: number
}

/** No circuit. */
export const nothing: Reading = {
  states: { Closed: 0, Open: 0, HalfOpen: 0, Isolated: 0, Disabled: 0 },
  score: 1,
  strain: 0,
  tokens: Infinity
}

export const including = (reading: Reading, view: Circuit.View, tokens: number): Reading => ({
  states: { ...reading.states, [view.status]: reading.states[view.status] + 1 },
  score: Math.min(reading.score, view.score),
  strain: Math.max(reading.strain, view.strain),
  tokens: Math.min(reading.tokens, tokens)
})

/** The metrics of one key, or of all that have no label of their own. Each is made by its first update. */
export class Series {
  private reading: Reading = nothing
  private ended: { readonly calls: number; readonly attempts: number } | undefined
  private readonly labels: Attributes
  private readonly recording: Recording
  private readonly durations: Durations
  private readonly updates = new Map<string, Update>()
  private readonly settledBy = new Map<string, Timed>()
  private readonly calledBy = new Map<string, Timed>()

  constructor(key: string, durations: Durations, recording: Recording) {
    this.labels = { "truce.key": key }
    this.recording = recording
    this.durations = durations
  }

  /** Whether it shows a circuit, which may be gone by now. */
  get isShown(): boolean {
    return countOf(this.reading) > 0
  }

  settled({ at, outcome, startedAt }: typeof Settled.Type, error: string | undefined): void {
    const saturated = String(Outcome.isSaturated(outcome))
    const name = `${outcome._tag}/${saturated}/${error ?? ""}`
    let timed = this.settledBy.get(name)
    if (timed === undefined) {
      const by = { "truce.attempt.outcome": outcome._tag, "truce.attempt.saturated": saturated }
      timed = {
        count: this.made(attempts, error === undefined ? by : { ...by, "error.type": error }),
        duration: this.made(this.durations.attempt, by)
      }
      this.settledBy.set(name, timed)
    }
    timed.count(1)
    timed.duration((at - startedAt) / 1_000)
  }

  called({ at, attempts: own, reason, result, startedAt }: typeof Called.Type): void {
    const name = `${result}/${reason ?? ""}`
    let timed = this.calledBy.get(name)
    if (timed === undefined) {
      const by = { "truce.call.result": result }
      timed = {
        count: this.made(calls, reason === undefined ? by : { ...by, "truce.call.reason": reason }),
        duration: this.made(this.durations.call, by)
      }
      this.calledBy.set(name, timed)
    }
    timed.count(1)
    timed.duration((at - startedAt) / 1_000)
    this.update(callAttempts, {}, own)
    const { attempts = 0, calls: before = 0 } = this.ended ?? {}
    this.ended = { calls: before + 1, attempts: attempts + own }
  }

  rejected({ state }: typeof Rejected.Type): void {
    this.update(rejections, { "truce.circuit.state": state }, 1)
  }

  retried({ cost }: typeof Retried.Type): void {
    this.update(retries, {}, 1)
    this.update(tokensSpent, {}, cost)
  }

  transitioned({ from, mode, score, to }: typeof Transitioned.Type, isManual: boolean): void {
    this.update(transitions, { "truce.circuit.from": from, "truce.circuit.to": to }, 1)
    if (isManual) this.update(manualChanges, { "truce.circuit.mode": mode }, 1)
    const left = { ...this.reading.states, [from]: Math.max(0, this.reading.states[from] - 1) }
    const reading = { ...this.reading, states: { ...left, [to]: left[to] + 1 } }
    // Of circuits that share a series the next sample knows better.
    this.show({ ...reading, score: countOf(reading) === 1 ? score : Math.min(reading.score, score) })
  }

  /** A budget without a limit has no tokens to show, unless it had one before: reloaded, it is infinite. */
  show(reading: Reading): void {
    this.reading = reading
    for (const status of statuses) this.update(circuits, { "truce.circuit.state": status }, reading.states[status])
    this.update(health, {}, reading.score)
    this.update(failing, {}, reading.strain)
    if (reading.tokens < Infinity || this.updates.has(tokensLeft.name)) this.update(tokensLeft, {}, reading.tokens)
  }

  /** Shows the amplification since it was last shown; without a call there was none. */
  showAmplification(): void {
    if (this.ended === undefined) return
    this.update(amplification, {}, this.ended.calls === 0 ? 1 : this.ended.attempts / this.ended.calls)
    this.ended = { calls: 0, attempts: 0 }
  }

  private update(instrument: Instrument, by: Attributes, value: number): void {
    const name = [instrument.name, ...Object.values(by)].join("/")
    let update = this.updates.get(name)
    if (update === undefined) {
      update = this.made(instrument, by)
      this.updates.set(name, update)
    }
    update(value)
  }

  private made({ labelled }: Instrument, by: Attributes): Update {
    return labelled({ ...this.labels, ...by }, this.recording)
  }
}

interface Timed {
  readonly count: Update
  readonly duration: Update
}

const statuses = ["Closed", "Open", "HalfOpen", "Isolated", "Disabled"] as const satisfies ReadonlyArray<Circuit.Status>

const countOf = ({ states }: Reading): number => statuses.reduce((count, status) => count + states[status], 0)

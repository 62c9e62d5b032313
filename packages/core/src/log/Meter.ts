/**
 * The fold behind the metrics: counts what is told, by key and kind, in a bounded number of series.
 *
 * It keeps no numbers of its own but what a gauge needs: what it counts goes to the metrics that the sink makes, one for each series, and
 * so whoever reads them reads what is true.
 *
 * @since 0.1.0
 */
import type { Status } from "../circuit/CircuitState.ts"
import type { View } from "../circuit/CircuitView.ts"
import { type Outcome, isSaturated } from "../health/Outcome.ts"
import { isManual } from "./Describe.ts"
import type { Called, Event, Rejected, Retried, Settled, Transitioned } from "./Event.ts"
import { type Instrument, instruments } from "./Instrument.ts"

/**
 * The labels of a series.
 *
 * @category models
 * @since 0.1.0
 */
export interface Attributes {
  readonly [name: string]: string
}

/**
 * Counts, sets or records.
 *
 * @category models
 * @since 0.1.0
 */
export type Update = (value: number) => void

/**
 * Makes a series; asked once for each.
 *
 * @category models
 * @since 0.1.0
 */
export type Sink = (instrument: Instrument, attributes: Attributes) => Update

/**
 * Which keys are labels: those allowed, and no more than `maxKeys` of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Labels {
  readonly isAllowed: (key: string) => boolean
  readonly maxKeys: number
}

/**
 * The label of what has none of its own: keys beyond `maxKeys`, error types beyond the first 20.
 *
 * @category constants
 * @since 0.1.0
 */
export const other = "_OTHER"

/** Names of error types that are labels: a tag is one of few, the text of a failure that is a string need not be. */
const maxErrorTypes = 20

/**
 * What is read of one circuit, or of several that share a series: then the worst of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reading {
  readonly states: { readonly [status in Status]: number }
  readonly score: number
  readonly strain: number
  readonly tokens: number
}

/** No circuit. */
const nothing: Reading = {
  states: { Closed: 0, Open: 0, HalfOpen: 0, Isolated: 0, Disabled: 0 },
  score: 1,
  strain: 0,
  tokens: Infinity
}

/**
 * The series of all keys.
 *
 * **Example** (Counting one attempt)
 *
 * ```ts
 * import { Meter, Outcome } from "@truce/core"
 *
 * const counted: Array<string> = []
 * const meter = new Meter.Meter({ isAllowed: () => true, maxKeys: 100 }, ({ name }, attributes) => (value) => {
 *   counted.push(`${name} of ${attributes["truce.key"]}: ${value}`)
 * })
 * const settled = { _tag: "Settled", key: "users-api", attempt: 1, outcome: Outcome.success, failedBefore: 0 } as const
 * meter.count({ ...settled, startedAt: 0, at: 250 })
 * counted // => ["truce.attempts of users-api: 1", "truce.attempt.duration of users-api: 0.25"]
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class Meter {
  private readonly labels: Labels
  private readonly sink: Sink
  private readonly labelled = new Map<string, Series>()
  private readonly rest: Series
  private readonly errorTypes = new Set<string>()

  constructor(labels: Labels, sink: Sink) {
    this.labels = labels
    this.sink = sink
    this.rest = new Series(other, sink)
  }

  count(event: Event): void {
    switch (event._tag) {
      case "Settled":
        return this.of(event.key).settled(event, this.errorType(event.error))
      case "Called":
        return this.of(event.key).called(event)
      case "Rejected":
        return this.of(event.key).rejected(event)
      case "Retried":
        return this.of(event.key).retried(event)
      case "Transitioned":
        return this.of(event.key).transitioned(event)
      case "Admitted":
      case "Observed":
        return
    }
  }

  /** Sets the gauges by the circuits there are, with the tokens their keys have left; whether any has no label of its own. */
  sample(circuits: ReadonlyArray<{ readonly key: string; readonly view: View; readonly tokens: number }>): boolean {
    let shared = nothing
    for (const { key, tokens, view } of circuits) {
      const own = this.of(key)
      if (own === this.rest) shared = including(shared, view, tokens)
      else own.show(including(nothing, view, tokens))
    }
    if (shared !== nothing) this.rest.show(shared)
    for (const series of this.all()) series.showAmplification()
    return shared !== nothing
  }

  /** The keys that show a circuit. */
  get shown(): ReadonlyArray<string> {
    return this.all().flatMap((series) => (series.isShown ? [series.key] : []))
  }

  /** Shows that a key has no circuit: metrics forget nothing, and would show for ever what was last seen of it. */
  clear(key: string, tokens: number): void {
    const series = key === other ? this.rest : this.labelled.get(key)
    series?.clear(tokens)
  }

  private of(key: string): Series {
    const known = this.labelled.get(key)
    if (known !== undefined) return known
    if (this.labelled.size >= this.labels.maxKeys || !this.labels.isAllowed(key)) return this.rest
    const added = new Series(key, this.sink)
    this.labelled.set(key, added)
    return added
  }

  private errorType(name: string | undefined): string | undefined {
    if (name === undefined || this.errorTypes.has(name)) return name
    if (this.errorTypes.size >= maxErrorTypes) return other
    this.errorTypes.add(name)
    return name
  }

  private all(): ReadonlyArray<Series> {
    return [...this.labelled.values(), this.rest]
  }
}

const including = (reading: Reading, view: View, tokens: number): Reading => ({
  states: { ...reading.states, [view.status]: reading.states[view.status] + 1 },
  score: Math.min(reading.score, view.score),
  strain: Math.max(reading.strain, view.strain),
  tokens: Math.min(reading.tokens, tokens)
})

/** The metrics of one key, or of all that have no label of their own. Each is made by its first update. */
class Series {
  readonly key: string
  private readonly sink: Sink
  private reading: Reading = nothing
  private ended: { readonly calls: number; readonly attempts: number } | undefined
  private readonly updates = new Map<string, Update>()
  // What every call updates is found without making a name.
  private readonly settledBy = new Map<Outcome["_tag"], [plain: Timed | undefined, saturated: Timed | undefined]>()
  private readonly calledBy = new Map<Called["result"], Timed>()
  private attemptsOfCalls: Update | undefined

  constructor(key: string, sink: Sink) {
    this.key = key
    this.sink = sink
  }

  /** Whether it shows a circuit, which may be gone by now. */
  get isShown(): boolean {
    return countOf(this.reading) > 0
  }

  settled({ at, outcome, startedAt }: Settled, error: string | undefined): void {
    const saturated = isSaturated(outcome)
    let both = this.settledBy.get(outcome._tag)
    if (both === undefined) this.settledBy.set(outcome._tag, (both = [undefined, undefined]))
    const timed = (both[saturated ? 1 : 0] ??= this.timed(instruments.attempts, instruments.attemptDuration, {
      "truce.attempt.outcome": outcome._tag,
      "truce.attempt.saturated": String(saturated)
    }))
    this.time(timed, "error.type", error, at - startedAt)
  }

  called({ at, attempts: own, reason, result, startedAt }: Called): void {
    let timed = this.calledBy.get(result)
    if (timed === undefined) {
      timed = this.timed(instruments.calls, instruments.callDuration, { "truce.call.result": result })
      this.calledBy.set(result, timed)
    }
    this.time(timed, "truce.call.reason", reason, at - startedAt)
    this.attemptsOfCalls ??= this.made(instruments.callAttempts, {})
    this.attemptsOfCalls(own)
    const { attempts = 0, calls = 0 } = this.ended ?? {}
    this.ended = { calls: calls + 1, attempts: attempts + own }
  }

  rejected({ state }: Rejected): void {
    this.update(instruments.rejections, { "truce.circuit.state": state }, 1)
  }

  retried({ cost }: Retried): void {
    this.update(instruments.retries, {}, 1)
    this.update(instruments.spent, {}, cost)
  }

  transitioned(event: Transitioned): void {
    const { from, mode, score, to } = event
    this.update(instruments.transitions, { "truce.circuit.from": from, "truce.circuit.to": to }, 1)
    if (isManual(event)) this.update(instruments.manualChanges, { "truce.circuit.mode": mode }, 1)
    const left = { ...this.reading.states, [from]: Math.max(0, this.reading.states[from] - 1) }
    const reading = { ...this.reading, states: { ...left, [to]: left[to] + 1 } }
    // Of circuits that share a series the next sample knows better.
    this.show({ ...reading, score: countOf(reading) === 1 ? score : Math.min(reading.score, score) })
  }

  show(reading: Reading): void {
    this.reading = reading
    const { circuits, score, strain, tokens } = instruments
    for (const status of statuses) this.update(circuits, { "truce.circuit.state": status }, reading.states[status])
    this.update(score, {}, reading.score)
    this.update(strain, {}, reading.strain)
    // A budget without a limit has no tokens to show, unless it had one before: reloaded, it is infinite.
    if (reading.tokens < Infinity || this.updates.has(tokens.name)) this.update(tokens, {}, reading.tokens)
  }

  clear(tokens: number): void {
    if (this.isShown) this.show({ ...nothing, tokens })
  }

  /** Shows the amplification since it was last shown; without a call there was none. */
  showAmplification(): void {
    if (this.ended === undefined) return
    this.update(instruments.amplification, {}, this.ended.calls === 0 ? 1 : this.ended.attempts / this.ended.calls)
    this.ended = { calls: 0, attempts: 0 }
  }

  private timed(counter: Instrument, histogram: Instrument, by: Attributes): Timed {
    return { counter, by, duration: this.made(histogram, by), counts: new Map() }
  }

  private time(
    { by, counter, counts, duration }: Timed,
    label: string,
    more: string | undefined,
    millis: number
  ): void {
    let count = counts.get(more)
    if (count === undefined) {
      count = this.made(counter, more === undefined ? by : { ...by, [label]: more })
      counts.set(more, count)
    }
    count(1)
    duration(millis / 1_000)
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

  private made(instrument: Instrument, by: Attributes): Update {
    return this.sink(instrument, { "truce.key": this.key, ...by })
  }
}

/** What is timed, and counted by what one label more says: an error type, a reason. */
interface Timed {
  readonly by: Attributes
  readonly counter: Instrument
  readonly counts: Map<string | undefined, Update>
  readonly duration: Update
}

const statuses = ["Closed", "Open", "HalfOpen", "Isolated", "Disabled"] as const satisfies ReadonlyArray<Status>

const countOf = ({ states }: Reading): number => statuses.reduce((sum, status) => sum + states[status], 0)

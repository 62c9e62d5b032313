/**
 * Another policy on the same log, which decides nothing: what would it have done?
 *
 * @since 0.1.0
 */
import * as Circuit from "../circuit/Circuit.ts"
import type { CircuitPolicy } from "../circuit/CircuitPolicy.ts"
import type { Outcome } from "../health/Outcome.ts"
import { spoken } from "./Describe.ts"
import type { Event } from "./Event.ts"

/**
 * What the policy would have done with one key.
 *
 * Of `attempts` that were made it would have admitted `admitted`; of the others `spared` failed (the dependency would have been spared
 * them) and `lost` succeeded (a caller would have lost an answer). `untried` were rejected by the policy in force and would have been
 * admitted: nobody knows what would have come of them.
 *
 * @category models
 * @since 0.1.0
 */
export interface KeyReport {
  readonly key: string
  readonly attempts: number
  readonly admitted: number
  readonly spared: number
  readonly lost: number
  readonly untried: number
  readonly openings: number
  /** Openings under the policy in force. */
  readonly openingsInForce: number
  readonly openMillis: number
  readonly status: Circuit.Status
  readonly score: number
  /** The last outcomes that moved its score. */
  readonly moves: ReadonlyArray<Circuit.Move>
}

/**
 * What the policy would have done, by key, most attempts first, and as a table.
 *
 * `unwatched` events were of keys beyond `maxKeys`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly keys: ReadonlyArray<KeyReport>
  readonly unwatched: number
  readonly text: string
}

/**
 * The policy of each key, the seed of its circuit, and the most keys that are followed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<S> {
  readonly policyOf: (key: string) => CircuitPolicy<S>
  readonly seedOf: (key: string) => number
  readonly maxKeys: number
}

/**
 * Follows a log, event by event.
 *
 * **Example** (Would two failures in a row have opened it?)
 *
 * ```ts
 * import { CircuitPolicy, HealthModel, Outcome, Shadow } from "@truce/core"
 *
 * const policy = CircuitPolicy.make(HealthModel.consecutive({ failures: 2 }))
 * const shadow = new Shadow.Shadow({ policyOf: () => policy, seedOf: () => 0, maxKeys: 100 })
 * for (const attempt of [1, 2]) {
 *   const of = { key: "users-api", at: attempt, attempt }
 *   shadow.hear({ _tag: "Admitted", ...of, generation: 0, probe: false })
 *   shadow.hear({ _tag: "Settled", ...of, startedAt: attempt, outcome: Outcome.failure(), failedBefore: 0 })
 * }
 * shadow.report(10).keys.map(({ openings, status }) => [openings, status]) // => [[1, "Open"]]
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class Shadow<S> {
  private readonly options: Options<S>
  private readonly circuits = new Map<string, ShadowCircuit<S>>()
  private unwatched = 0

  constructor(options: Options<S>) {
    this.options = options
  }

  hear(event: Event): void {
    const found = this.circuitOf(event.key)
    if (found === undefined) this.unwatched++
    else found.hear(event)
  }

  report(now: number): Report {
    const keys = Array.from(this.circuits.values(), (one) => one.report(now)).sort((a, b) => b.attempts - a.attempts)
    return { keys, unwatched: this.unwatched, text: textOf(keys) }
  }

  private circuitOf(key: string): ShadowCircuit<S> | undefined {
    const { maxKeys, policyOf, seedOf } = this.options
    const known = this.circuits.get(key)
    if (known !== undefined || this.circuits.size >= maxKeys) return known
    const made = new ShadowCircuit(key, policyOf(key), seedOf(key))
    this.circuits.set(key, made)
    return made
  }
}

/** One key under a policy that is not in force: asked whenever the one in force was, and told what came of it. */
class ShadowCircuit<S> {
  private readonly key: string
  private readonly policy: CircuitPolicy<S>
  private circuit: Circuit.Circuit<S>
  /** Attempts on their way, with the permit they would have had. */
  private readonly running = new Map<number, Circuit.Permit | undefined>()
  private readonly counts = { success: 0, failure: 0, ignored: 0, lost: 0, spared: 0, pointless: 0, untried: 0 }
  private openings = 0
  private openingsInForce = 0
  private openMillis = 0

  constructor(key: string, policy: CircuitPolicy<S>, seed: number) {
    this.key = key
    this.policy = policy
    this.circuit = Circuit.make(policy, seed)
  }

  hear(event: Event): void {
    switch (event._tag) {
      case "Admitted":
        this.running.set(event.attempt, this.ask(event.at))
        return
      case "Settled": {
        // One that began before the shadow did is nobody's.
        if (!this.running.has(event.attempt)) return
        const permit = this.running.get(event.attempt)
        this.running.delete(event.attempt)
        this.count(event.outcome._tag, permit !== undefined)
        if (permit === undefined) return
        const { failedBefore, outcome } = event
        return this.become(Circuit.settle(this.policy, this.circuit, { permit, outcome, failedBefore }, event.at))
      }
      case "Rejected": {
        // Nobody knows what would have come of it.
        const permit = this.ask(event.at)
        if (permit === undefined) return
        this.counts.untried++
        return this.become(Circuit.release(this.policy, this.circuit, permit, event.at))
      }
      case "Observed":
        return this.become(Circuit.record(this.policy, this.circuit, event.outcome, event.at))
      case "Transitioned":
        if (event.to === "Open") this.openingsInForce++
        return
      case "Retried":
      case "Called":
        return
    }
  }

  report(now: number): KeyReport {
    const { failure, ignored, lost, pointless, spared, success, untried } = this.counts
    const view = Circuit.view(this.policy, this.circuit, now)
    return {
      key: this.key,
      attempts: success + failure + ignored + lost + spared + pointless,
      admitted: success + failure + ignored,
      lost,
      spared,
      untried,
      openings: this.openings,
      openingsInForce: this.openingsInForce,
      openMillis: this.openMillis + this.sinceOpened(this.circuit, now),
      status: view.status,
      score: view.score,
      moves: view.moves
    }
  }

  private ask(at: number): Circuit.Permit | undefined {
    const [next, decision] = Circuit.admit(this.policy, this.circuit, at)
    this.become(next)
    return decision._tag === "Admitted" ? decision.permit : undefined
  }

  private become(next: Circuit.Circuit<S>): void {
    const { state } = next
    if (state._tag === "Open" && state !== this.circuit.state) this.openings++
    if (state !== this.circuit.state) this.openMillis += this.sinceOpened(this.circuit, state.since)
    this.circuit = next
  }

  private sinceOpened({ state }: Circuit.Circuit<S>, now: number): number {
    return state._tag === "Open" ? Math.max(0, now - state.since) : 0
  }

  private count(outcome: Outcome["_tag"], isAdmitted: boolean): void {
    const { counts } = this
    switch (outcome) {
      case "Success":
      case "Answered":
        if (isAdmitted) counts.success++
        else counts.lost++
        return
      case "Failure":
        if (isAdmitted) counts.failure++
        else counts.spared++
        return
      case "Ignored":
        if (isAdmitted) counts.ignored++
        else counts.pointless++
    }
  }
}

const textOf = (keys: ReadonlyArray<KeyReport>): string => {
  const sum = (of: (report: KeyReport) => number): number => keys.reduce((total, report) => total + of(report), 0)
  const attempts = sum((one) => one.attempts)
  const rejected = attempts - sum((one) => one.admitted)
  const head =
    `${rejected} of ${counted(attempts, "attempt")} rejected: ${counted(
      sum((one) => one.spared),
      "failure"
    )} spared, ` +
    `${counted(
      sum((one) => one.lost),
      "answer"
    )} lost; opened ${times(sum((one) => one.openings))}, ` +
    `in force ${times(sum((one) => one.openingsInForce))}`
  const titles = ["key", "attempts", "rejected", "spared", "lost", "untried", "opened", "in force", "open for"]
  const rows = keys.map((one) => [
    one.key,
    ...[one.attempts, one.attempts - one.admitted, one.spared, one.lost, one.untried, one.openings].map(String),
    String(one.openingsInForce),
    spoken(one.openMillis)
  ])
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: ReadonlyArray<string>): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
  return [head, "", line(titles), ...rows.map(line)].join("\n")
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

const times = (count: number): string => (count === 0 ? "never" : count === 1 ? "once" : `${count} times`)

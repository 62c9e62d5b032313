/**
 * Shadow mode: another policy on the same attempts, which decides nothing, and a report of what it would have done.
 *
 * It is asked at every attempt the policy in force was asked for, and told every outcome that came of it; so a setting can be tried on
 * last night's traffic, or beside the one in force, before it is. Manual modes are the operator's, not the policy's: the shadow has none.
 *
 * @since 0.1.0
 */
import { Describe } from "@truce/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Hash from "effect/Hash"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as EventLog from "./EventLog.ts"
import type { HealthScore } from "./run/services/HealthScore.ts"
import { lifetimeOf } from "./run/settings/lifetime.ts"
import { checked } from "./run/settings/checked.ts"
import * as Monotonic from "./platform/Monotonic.ts"
import { issuesOf } from "./run/settings/issues.ts"
import { circuitOptions } from "./run/layers/reload.ts"
import { Policies, circuitOverrides, modelOf } from "./run/settings/Policies.ts"
import { type KeyReport, ShadowCircuit } from "./run/shadow/ShadowCircuit.ts"
import type { InvalidPolicy } from "./InvalidPolicy.ts"
import type * as Truce from "./Truce.ts"

export type { KeyReport } from "./run/shadow/ShadowCircuit.ts"

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
 * The operations of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly report: Effect.Effect<Report>
}

/**
 * A policy in the shadow of the one in force.
 *
 * @category tags
 * @since 0.1.0
 */
export class Shadow extends Context.Tag("@truce/effect3/Shadow")<Shadow, Service>() {}

/**
 * Options of a shadow: those of `Truce.layer` that circuits have; a policy as data gives them by `Policy.toOptions`.
 *
 * @category models
 * @since 0.1.0
 */
export type Options = Pick<Truce.Options, "model" | "circuit" | "overrides" | "maxKeys">

/**
 * Follows the event log while the scope lasts; several can, each with a policy of its own. Fails with `InvalidPolicy`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options): Effect.Effect<Service, InvalidPolicy, HealthScore | Scope.Scope> =>
  Effect.gen(function* () {
    const followed = yield* checked(
      () => follow(options),
      () => issuesOf(options, Context.empty())
    )
    yield* EventLog.subscribe(followed.hear)
    return { report: Effect.map(Monotonic.now, followed.report) }
  })

/**
 * Provides one shadow.
 *
 * **Example** (Would three failures in a row have been a better rule?)
 *
 * ```ts
 * import { Classifier, HealthModel, Shadow, Truce } from "@truce/effect3"
 * import { Data, Effect, Layer } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 * const call = Truce.protect(Effect.fail(new Timeout()), { key: "users-api", classify, retry: { attempts: 1 } })
 *
 * const layer = Shadow.layer({ model: HealthModel.consecutive({ failures: 3 }) })
 * const program = Effect.gen(function* () {
 *   yield* Effect.repeatN(Effect.ignore(call), 4)
 *   const { keys } = yield* Shadow.report
 *   return keys.map(({ attempts, openings, openingsInForce, spared }) => [attempts, spared, openings, openingsInForce])
 * })
 * await Effect.runPromise(Effect.provide(program, Layer.provideMerge(layer, Truce.layer()))) // => [[5, 2, 1, 0]]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options): Layer.Layer<Shadow, InvalidPolicy, HealthScore> =>
  Layer.scoped(Shadow, make(options))

/**
 * What the shadow would have done so far.
 *
 * @category accessors
 * @since 0.1.0
 */
export const report: Effect.Effect<Report, never, Shadow> = Effect.flatMap(Shadow, (service) => service.report)

/**
 * What a policy would have done on recorded events, as `EventLog.Event` decodes them.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Last night's log)
 *
 * ```ts
 * import { type EventLog, HealthModel, Shadow } from "@truce/effect3"
 *
 * const recorded: ReadonlyArray<EventLog.Event> = [1, 2, 3, 4].flatMap((attempt): ReadonlyArray<EventLog.Event> => [
 *   { _tag: "Admitted", key: "users-api", at: attempt, attempt, generation: 0, probe: false },
 *   {
 *     _tag: "Settled", key: "users-api", at: attempt, attempt, startedAt: attempt, failedBefore: 0,
 *     outcome: { _tag: "Failure", weight: 1, saturated: false, retryAfterMillis: undefined, opens: false }
 *   }
 * ])
 * const { text } = Shadow.replay(recorded, { model: HealthModel.consecutive({ failures: 3 }) })
 * text.split("\n")[0] // => "1 of 4 attempts rejected: 1 failure spared, 0 answers lost; opened once, in force never"
 * ```
 *
 * @category replaying
 * @since 0.1.0
 */
export const replay = (events: Iterable<EventLog.Event>, options: Options = {}): Report => {
  const followed = follow(options)
  let now = 0
  for (const event of events) {
    now = event.at
    followed.hear(event)
  }
  return followed.report(now)
}

const follow = (options: Options) => {
  const circuit = circuitOptions(options)
  const rules = { model: modelOf(options), options: circuit, overrides: circuitOverrides(circuit) }
  const policies = new Policies({}, rules)
  const { maxKeys } = lifetimeOf(options)
  const circuits = new Map<string, ShadowCircuit>()
  let unwatched = 0
  const circuitOf = (key: string): ShadowCircuit | undefined => {
    const known = circuits.get(key)
    if (known !== undefined || circuits.size >= maxKeys) return known
    const made = new ShadowCircuit(key, policies.of(key), Hash.string(key))
    circuits.set(key, made)
    return made
  }
  return {
    hear: (event: EventLog.Event): void => {
      const found = circuitOf(event.key)
      if (found === undefined) unwatched++
      else found.hear(event)
    },
    report: (now: number): Report => {
      const keys = Array.from(circuits.values(), (one) => one.report(now)).sort((a, b) => b.attempts - a.attempts)
      return { keys, unwatched, text: textOf(keys) }
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
    Describe.spoken(one.openMillis)
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

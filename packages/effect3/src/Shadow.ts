/**
 * Shadow mode: another policy on the same attempts, which decides nothing, and a report of what it would have done.
 *
 * It is asked at every attempt the policy in force was asked for, and told every outcome that came of it; so a setting can be tried on
 * last night's traffic, or beside the one in force, before it is. Manual modes are the operator's, not the policy's: the shadow has none.
 *
 * @since 0.1.0
 */
import { Shadow as Core } from "@truce/core"
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
import type { InvalidPolicy } from "./InvalidPolicy.ts"
import type * as Truce from "./Truce.ts"

/**
 * What the policy would have done with one key, and with all.
 *
 * @category models
 * @since 0.1.0
 */
export type KeyReport = Core.KeyReport

/**
 * The same of all keys, most attempts first, and as a table.
 *
 * @category models
 * @since 0.1.0
 */
export type Report = Core.Report

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
    yield* EventLog.subscribe((event) => followed.hear(event))
    return { report: Effect.map(Monotonic.now, (now) => followed.report(now)) }
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
  const policies = new Policies(
    {},
    {
      model: modelOf(options),
      options: circuit,
      overrides: circuitOverrides(circuit)
    }
  )
  return new Core.Shadow({
    policyOf: (key) => policies.of(key),
    seedOf: Hash.string,
    maxKeys: lifetimeOf(options).maxKeys
  })
}

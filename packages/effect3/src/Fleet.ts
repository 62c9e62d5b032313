/**
 * Circuits that several processes judge together: each tells a store what its attempts have shown, and follows what the store then says.
 *
 * No attempt waits for the store in Closed or Open; only the admission of a probe asks it, for no longer than `leaseTimeout`.
 *
 * @since 0.1.0
 */
import { Fleet as Core } from "@truce/core"
import type * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { CircuitBreaker } from "./CircuitBreaker.ts"
import { FleetStore, type Reason } from "./FleetStore.ts"
import { HealthScore, entries } from "./HealthScore.ts"
import * as Engine from "./run/fleet/fleet.ts"
import { type Options, settings } from "./run/fleet/options.ts"
import { configured } from "./run/settings/options.ts"

export type { Options } from "./run/fleet/options.ts"

/**
 * The operations of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /** Whether the store serves, or what keeps it from that, as last seen. */
  readonly condition: Effect.Effect<"up" | Reason>
}

/**
 * Circuits that several processes judge together.
 *
 * @category tags
 * @since 0.1.0
 */
export class Fleet extends Context.Tag("@truce/effect3/Fleet")<Fleet, Service>() {}

/**
 * Builds the service: shares all circuits of the score while the scope lasts, and tells what is left when it closes.
 *
 * Dies with `InvalidOption` for an impossible option, and for a model that cannot be shared.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  options: Options = {}
): Effect.Effect<Service, never, CircuitBreaker | FleetStore | HealthScore | Scope.Scope> =>
  Effect.gen(function* () {
    const chosen = settings(options, (yield* Random.nextIntBetween(0, Number.MAX_SAFE_INTEGER)).toString(36))
    const { registry } = (yield* HealthScore)[entries]
    for (const policy of registry.policies()) Core.make(policy, chosen)
    return yield* Engine.make(registry, yield* FleetStore, chosen)
  })

/**
 * Provides the service on a store.
 *
 * Dies with `InvalidOption` when built with an impossible option, or on a health model that cannot be shared.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<Fleet, never, CircuitBreaker | FleetStore | HealthScore> =>
  Layer.scoped(
    Fleet,
    Effect.suspend(() => make(options))
  )

/**
 * Provides the service from `Config`s; an impossible value is a `ConfigError` that names the option.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  options: Config.Config.Wrap<Options>
): Layer.Layer<Fleet, ConfigError.ConfigError, CircuitBreaker | FleetStore | HealthScore> =>
  configured(options, (unwrapped) => layer(unwrapped))

/**
 * Whether the store serves, or what keeps it from that, as last seen.
 *
 * @category accessors
 * @since 0.1.0
 */
export const condition: Effect.Effect<"up" | Reason, never, Fleet> = Effect.flatMap(
  Fleet,
  (service) => service.condition
)

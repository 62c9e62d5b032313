/**
 * Circuits that several processes judge together: each tells a store what its attempts have shown, and follows what the store then says.
 *
 * No attempt waits for the store in Closed or Open; only the admission of a probe asks it, for no longer than `leaseTimeout`.
 *
 * @since 0.1.0
 */
import { Fleet as Core } from "@truce/core"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import type { CircuitBreaker } from "./CircuitBreaker.ts"
import { FleetStore, type Reason } from "./FleetStore.ts"
import { HealthScore, cells } from "./HealthScore.ts"
import * as Engine from "./internal/fleet.ts"
import { settings } from "./internal/fleetOptions.ts"
import { configured } from "./internal/options.ts"

/**
 * Options of the service. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Processes that must have seen failures before a circuit opens for all. Default: 2. */
  readonly witnesses?: number | undefined
  /** How often each key tells the store what is new; a quarter of what opens a circuit is told at once. Default: 250 millis. */
  readonly flushEvery?: Duration.Input | undefined
  /** How long the admission or the outcome of a probe waits for the store. Default: 250 millis. */
  readonly leaseTimeout?: Duration.Input | undefined
  /** After how long a question to the store counts as failed. Default: 1 second. */
  readonly timeout?: Duration.Input | undefined
  /** Whether probes of a circuit that opened for all run by the rules of this process alone while the store is away, or not at all. Default: "local". */
  readonly onStoreDown?: "local" | "open" | undefined
  /** How long the store keeps what nobody has written to. Default: 1 hour. */
  readonly idleTimeToLive?: Duration.Input | undefined
  /** The name of this process among the witnesses; unique in the fleet. Default: a random one. */
  readonly process?: string | undefined
}

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
export class Fleet extends Context.Service<Fleet, Service>()("@truce/effect4/Fleet") {}

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
    const { registry } = (yield* HealthScore)[cells]
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
  Layer.effect(
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
  options: Config.Wrap<Options>
): Layer.Layer<Fleet, Config.ConfigError, CircuitBreaker | FleetStore | HealthScore> =>
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

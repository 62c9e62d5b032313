/**
 * A dependency with a name of its own in the types: a service whose key, classifier and policies are fixed where it is defined.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as CircuitBreaker from "./CircuitBreaker.ts"
import type { PolicyConflict } from "./PolicyConflict.ts"
import type { ProtectOptions, Protected, Service, Truce } from "./Truce.ts"

/**
 * What is fixed about a dependency.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition<
  E,
  ER extends E,
  EP extends E,
  RetryTimeouts extends boolean = boolean
> extends ProtectOptions<E, ER, EP, RetryTimeouts> {
  /** Options of its circuit, over those of the layer it is built on. */
  readonly circuit?: CircuitBreaker.Options | undefined
}

/**
 * The class that a dependency is.
 *
 * @category models
 * @since 0.1.0
 */
export interface DependencyClass<
  Self,
  Id extends string,
  E,
  ER extends E,
  EP extends E,
  Timeout,
  RetryTimeouts extends boolean = true
> extends Context.TagClass<Self, Id, Service> {
  /** `Truce.protect` with everything fixed; the dependency is the only requirement it adds. */
  readonly protect: <A, E2 extends E, R>(
    self: Effect.Effect<A, E2, R>
  ) => Effect.Effect<A, Protected<E2, ER, EP, Timeout, RetryTimeouts>, R | Self>
  /** Provides the dependency; fails when its key has another policy already. Dies with `InvalidOption`. */
  readonly layer: Layer.Layer<Self, PolicyConflict, Truce>
}

export * from "./platform/Dependency.ts"

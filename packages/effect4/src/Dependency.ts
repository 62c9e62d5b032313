/**
 * A dependency with a name of its own in the types: a service whose key, classifier and policies are fixed where it is defined.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AttemptTimeout } from "./AttemptTimeout.ts"
import type * as CircuitBreaker from "./CircuitBreaker.ts"
import type { PlanOptions } from "./internal/plan.ts"
import { perService } from "./internal/perService.ts"
import { protecting } from "./internal/protect.ts"
import type { PolicyConflict } from "./PolicyConflict.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as Truce from "./Truce.ts"

/**
 * What is fixed about a dependency.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition<E, ER extends E, EP extends E> extends Truce.ProtectOptions<E, ER, EP> {
  /** Options of its circuit, over those of the layer it is built on. */
  readonly circuit?: CircuitBreaker.Options | undefined
}

/**
 * The class of a dependency's service.
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
  Timeout
> extends Context.ServiceClass<Self, Id, Truce.Service> {
  /** `Truce.protect` with everything fixed; the dependency is the only requirement it adds. */
  readonly protect: <A, E2 extends E, R>(
    self: Effect.Effect<A, E2, R>
  ) => Effect.Effect<A, Truce.Protected<E2, ER, EP, Timeout>, R | Self>
  /** Provides the dependency; fails when its key has another policy already. Dies with `InvalidOption`. */
  readonly layer: Layer.Layer<Self, PolicyConflict, Truce.Truce>
}

/**
 * Defines a dependency.
 *
 * **Example** (One service per dependency)
 *
 * ```ts
 * import { Classifier, Dependency, Truce } from "@truce/effect4"
 * import { Data, Effect, Layer } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 *
 * class UsersApi extends Dependency.Service<UsersApi>()("UsersApi", {
 *   key: "users-api",
 *   classify: Classifier.tags<Timeout>()({ Timeout: "retriable" }),
 *   circuit: { openFor: "2 seconds" },
 *   retry: { attempts: 2 }
 * }) {}
 *
 * const program = Effect.succeed("Ada").pipe(UsersApi.protect)
 * const layer = UsersApi.layer.pipe(Layer.provide(Truce.layer()))
 * await Effect.runPromise(Effect.provide(program, layer)) // => "Ada"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service = <Self>() => {
  function define<const Id extends string, E, ER extends E, EP extends E>(
    id: Id,
    definition: Definition<E, ER, EP> & { readonly attemptTimeout?: undefined }
  ): DependencyClass<Self, Id, E, ER, EP, never>
  function define<const Id extends string, E, ER extends E, EP extends E>(
    id: Id,
    definition: Definition<E, ER, EP> & { readonly attemptTimeout: Duration.Input }
  ): DependencyClass<Self, Id, E, ER, EP, AttemptTimeout>
  function define<const Id extends string, E, ER extends E, EP extends E>(id: Id, definition: Defined<E, ER, EP>) {
    const tag = Context.Service<Self, Truce.Service>()(id)
    const policy = definition.retry === undefined ? undefined : RetryPolicy.makeUnsafe(definition.retry)
    return Object.assign(tag, {
      protect: protecting(definition, policy, tag),
      layer: perService(Truce.Truce, () =>
        Layer.effect(
          tag,
          Effect.tap(Truce.Truce, (truce) => truce.breaker.register(definition.key, definition.circuit ?? {}))
        )
      )
    })
  }
  return define
}

interface Defined<E, ER extends E, EP extends E> extends PlanOptions<E, ER, EP> {
  readonly circuit?: CircuitBreaker.Options | undefined
  readonly retry?: RetryPolicy.Options | undefined
}

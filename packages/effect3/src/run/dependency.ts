import { InvalidOption } from "@truce/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Options as CircuitOptions } from "./settings/CircuitOptions.ts"
import { perService } from "../platform/Layers.ts"
import type { CallOptions } from "./services/RetryPolicy.ts"
import { type PlanOptions, planNames } from "./settings/plan.ts"
import { protecting } from "./call/protect.ts"
import type { PolicyConflict } from "../PolicyConflict.ts"
import type { ProtectOptions, Protected } from "../Truce.ts"
import { type Service, Truce } from "./services/Truce.ts"

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
  readonly circuit?: CircuitOptions | undefined
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

export interface Defined<E, ER extends E, EP extends E> extends PlanOptions<E, ER, EP> {
  readonly circuit?: CircuitOptions | undefined
  readonly retry?: CallOptions | undefined
}

export const defined = <Self, const Id extends string, E, ER extends E, EP extends E>(
  id: Id,
  definition: Defined<E, ER, EP>
) => {
  InvalidOption.names("Dependency", definition, [...planNames, "circuit", "retry"])
  const tag = Context.Tag(id)<Self, Service>()
  return Object.assign(tag, {
    protect: protecting(definition, definition.retry, tag),
    layer: perService(Truce, () =>
      Layer.effect(
        tag,
        Effect.tap(Truce, (truce) => truce.breaker.register(definition.key, definition.circuit ?? {}))
      )
    )
  })
}

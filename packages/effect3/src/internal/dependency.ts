import { InvalidOption } from "@truce/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as CircuitBreaker from "../CircuitBreaker.ts"
import { perService } from "../platform/Layers.ts"
import type * as RetryPolicy from "../RetryPolicy.ts"
import { type PlanOptions, planNames } from "./plan.ts"
import { protecting } from "./protect.ts"
import { type Service, Truce } from "./truce.ts"

export interface Defined<E, ER extends E, EP extends E> extends PlanOptions<E, ER, EP> {
  readonly circuit?: CircuitBreaker.Options | undefined
  readonly retry?: RetryPolicy.CallOptions | undefined
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

import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * A layer that is one for each instance of a service.
 *
 * Effect shares a layer that is one value with everything provided inside: with services of its own, what is inside would be given what was
 * built on those outside.
 */
export const perService = <I, S extends object, A, E>(
  tag: Context.Service<I, S>,
  make: () => Layer.Layer<A, E, I>
): Layer.Layer<A, E, I> => {
  const layers = new WeakMap<S, Layer.Layer<A, E, I>>()
  return Layer.fromBuild((memoMap, scope) =>
    Effect.flatMap(tag, (service) => {
      const layer = layers.get(service) ?? make()
      layers.set(service, layer)
      return Layer.buildWithMemoMap(layer, memoMap, scope)
    })
  )
}

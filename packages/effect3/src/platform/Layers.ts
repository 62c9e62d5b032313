import type * as Context from "effect/Context"
import type * as Layer from "effect/Layer"

/** A layer that is one for each instance of a service. Effect 3 shares no layer between two that are provided one inside the other. */
export const perService = <I, S extends object, A, E>(
  _tag: Context.Tag<I, S>,
  make: () => Layer.Layer<A, E, I>
): Layer.Layer<A, E, I> => make()

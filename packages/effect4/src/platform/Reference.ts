import * as Context from "effect/Context"

/** A value of a fiber and of those that it forks. */
export type Reference<A> = Context.Reference<A>

/** One for all copies of this package. */
export const make = <A>(key: string, initial: () => A): Reference<A> =>
  Context.Reference(key, { defaultValue: initial })

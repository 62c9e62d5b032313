import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"

/** A value of a fiber and of those that it forks. */
export type Reference<A> = FiberRef.FiberRef<A>

/** One for all copies of this package. */
export const make = <A>(key: string, initial: () => A): Reference<A> =>
  globalValue(key, () => FiberRef.unsafeMake(initial()))

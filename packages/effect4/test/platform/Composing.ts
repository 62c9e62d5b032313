import { CircuitBreaker } from "@truce/effect4"
import { Effect } from "effect"

/** Lets a transaction look at a known key: until then what changes it is a single step, which nothing can come between. */
export const composed = (of: string): Effect.Effect<void, never, CircuitBreaker.CircuitBreaker> =>
  Effect.asVoid(Effect.tx(CircuitBreaker.state(of)))

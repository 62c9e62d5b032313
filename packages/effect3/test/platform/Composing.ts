import { CircuitBreaker } from "@truce/effect3"
import { Effect } from "effect"

/** Lets a transaction look at a known key; until then, what changes it may be a single step. On Effect 3 it never is. */
export const composed = (of: string): Effect.Effect<void, never, CircuitBreaker.CircuitBreaker> =>
  Effect.asVoid(CircuitBreaker.state(of))

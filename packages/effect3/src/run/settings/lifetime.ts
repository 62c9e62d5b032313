import type * as Duration from "effect/Duration"
import { count, positiveDuration } from "./options.ts"

/** How long keys are kept. */
export interface Lifetime {
  readonly maxKeys: number
  readonly ttlMillis: number
}

/** Throws `InvalidOption`. */
export const lifetimeOf = (options: {
  readonly maxKeys?: number | undefined
  readonly ttl?: Duration.DurationInput | undefined
}): Lifetime => ({
  maxKeys: count("HealthScore", "maxKeys", options.maxKeys, 10_000),
  ttlMillis: positiveDuration("HealthScore", "ttl", options.ttl, "10 minutes")
})

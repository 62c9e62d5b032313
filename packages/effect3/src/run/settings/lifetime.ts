import type { Registry } from "@truce/core"
import type * as Duration from "effect/Duration"
import { count, positiveDuration } from "./options.ts"

/** How long keys are kept. Throws `InvalidOption`. */
export const lifetimeOf = (options: {
  readonly maxKeys?: number | undefined
  readonly ttl?: Duration.DurationInput | undefined
}): Registry.Lifetime => ({
  maxKeys: count("HealthScore", "maxKeys", options.maxKeys, 10_000),
  ttlMillis: positiveDuration("HealthScore", "ttl", options.ttl, "10 minutes")
})

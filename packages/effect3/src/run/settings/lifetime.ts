import type { Options } from "../services/HealthScore.ts"
import type { Lifetime } from "../keys/Registry.ts"
import { count, positiveDuration } from "./options.ts"

/** How long keys are kept. Throws `InvalidOption`. */
export const lifetimeOf = (options: Pick<Options, "maxKeys" | "ttl">): Lifetime => ({
  maxKeys: count("HealthScore", "maxKeys", options.maxKeys, 10_000),
  ttlMillis: positiveDuration("HealthScore", "ttl", options.ttl, "10 minutes")
})

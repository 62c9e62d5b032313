import * as Context from "effect/Context"
import type { Service as HealthScore } from "../HealthScore.ts"
import type { Service as RetryBudget } from "../RetryBudget.ts"
import type { Service as RetryPolicy } from "../RetryPolicy.ts"
import type { Service as CircuitBreaker } from "./breaker.ts"

/**
 * The four services that `protect` works with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly score: HealthScore
  readonly breaker: CircuitBreaker
  readonly policy: RetryPolicy
  readonly budget: RetryBudget
}

/**
 * Retry around breaker, in agreement.
 *
 * @category tags
 * @since 0.1.0
 */
export class Truce extends Context.Service<Truce, Service>()("@truce/effect4/Truce") {}

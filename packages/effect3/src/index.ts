/**
 * Circuit breaker, retry and health score for Effect 3, as services and layers.
 *
 * @since 0.1.0
 */
export { CircuitPolicy, HealthModel, HttpStatus, InvalidOption, Outcome } from "@truce/core"
export * as Attempt from "./Attempt.ts"
export * as AttemptTimeout from "./AttemptTimeout.ts"
export * as CallContext from "./CallContext.ts"
export * as CircuitBreaker from "./CircuitBreaker.ts"
export * as CircuitOpen from "./CircuitOpen.ts"
export * as Classifier from "./Classifier.ts"
export * as Dependency from "./Dependency.ts"
export * as EventLog from "./EventLog.ts"
export * as Events from "./Events.ts"
export * as Explanation from "./Explanation.ts"
export * as Faults from "./Faults.ts"
export * as HealthScore from "./HealthScore.ts"
export * as InvalidPolicy from "./InvalidPolicy.ts"
export * as InvalidSnapshot from "./InvalidSnapshot.ts"
export * as Policy from "./Policy.ts"
export * as PolicyConflict from "./PolicyConflict.ts"
export * as RetryBudget from "./RetryBudget.ts"
export * as RetryExhausted from "./RetryExhausted.ts"
export * as RetryPolicy from "./RetryPolicy.ts"
export * as Shadow from "./Shadow.ts"
export * as Transaction from "./Transaction.ts"
export * as Truce from "./Truce.ts"

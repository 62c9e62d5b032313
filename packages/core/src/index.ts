/**
 * The semantics of Truce as pure functions: no dependency, no clock, no randomness.
 *
 * @since 0.1.0
 */
export * as Backoff from "./call/Backoff.ts"
export * as Call from "./call/Call.ts"
export * as CallPolicy from "./call/CallPolicy.ts"
export * as Caller from "./call/Caller.ts"
export * as Circuit from "./Circuit.ts"
export * as CircuitPolicy from "./CircuitPolicy.ts"
export * as CircuitSnapshot from "./CircuitSnapshot.ts"
export * as Fleet from "./Fleet.ts"
export * as HealthModel from "./HealthModel.ts"
export * as HttpStatus from "./HttpStatus.ts"
export * as InvalidOption from "./InvalidOption.ts"
export * as Jitter from "./Jitter.ts"
export * as KeyPattern from "./KeyPattern.ts"
export * as Limits from "./call/Limits.ts"
export * as Outcome from "./Outcome.ts"
export * as RetryBudget from "./call/RetryBudget.ts"
export * as SlowStart from "./SlowStart.ts"
export * as Story from "./Story.ts"
export * as Traffic from "./Traffic.ts"
export * as Trail from "./call/Trail.ts"

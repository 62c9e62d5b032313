/**
 * The semantics of Truce as pure functions: no dependency, no clock, no randomness.
 *
 * @since 0.1.0
 */
export * as Backoff from "./call/Backoff.ts"
export * as Call from "./call/Call.ts"
export * as CallPolicy from "./call/CallPolicy.ts"
export * as Caller from "./call/Caller.ts"
export * as Circuit from "./circuit/Circuit.ts"
export * as CircuitPolicy from "./circuit/CircuitPolicy.ts"
export * as CircuitSnapshot from "./circuit/CircuitSnapshot.ts"
export type * as Event from "./log/Event.ts"
export * as EventLog from "./log/EventLog.ts"
export * as Fleet from "./fleet/Fleet.ts"
export * as HealthModel from "./health/HealthModel.ts"
export * as HttpStatus from "./http/HttpStatus.ts"
export * as InvalidOption from "./options/InvalidOption.ts"
export * as Jitter from "./circuit/Jitter.ts"
export * as KeyPattern from "./keys/KeyPattern.ts"
export * as Limits from "./call/Limits.ts"
export * as Meter from "./log/Meter.ts"
export * as Outcome from "./health/Outcome.ts"
export * as Printable from "./circuit/Printable.ts"
export * as RetryBudget from "./call/RetryBudget.ts"
export * as SlowStart from "./circuit/SlowStart.ts"
export * as Describe from "./log/Describe.ts"
export * as Traffic from "./health/Traffic.ts"
export * as Trail from "./call/Trail.ts"

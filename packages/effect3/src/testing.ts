/**
 * For testing code that Truce protects, with any test runner: circuits forced into a state, dependencies that follow a script, faults,
 * a record of what happened, and a clock that moves until something is so.
 *
 * @since 0.1.0
 */
export * as Faults from "./Faults.ts"
export * as Advance from "./testing/Advance.ts"
export * as FakeTimers from "./testing/FakeTimers.ts"
export * as Forced from "./testing/Forced.ts"
export * as Recorder from "./testing/Recorder.ts"
export * as Script from "./testing/Script.ts"

/**
 * The class of the first seed, faults included: no lock, a failure count that HALF_OPEN does not reset, no limit to probes.
 *
 * The seed does not show the whole class; it takes a threshold of 5, an open time of 30 s and, assumed here, 3 successes to close.
 */
import type { Status } from "../Design.ts"

export interface SeedBreaker {
  readonly threshold: number
  readonly resetMillis: number
  readonly halfOpenMax: number
  /** Whether the failure count starts anew in HALF_OPEN, as it does not in the seed. */
  readonly resets: boolean
  state: Status
  failureCount: number
  successCount: number
  lastFailureAt: number
  opens: number
}

export const make = (resets: boolean): SeedBreaker => ({
  threshold: 5,
  resetMillis: 30_000,
  halfOpenMax: 3,
  resets,
  state: "Closed",
  failureCount: 0,
  successCount: 0,
  lastFailureAt: -Infinity,
  opens: 0
})

/** Everybody who asks after the open time enters HALF_OPEN; nobody is turned away there. */
export const passes = (self: SeedBreaker, now: number): boolean => {
  if (self.state !== "Open") return true
  if (now - self.lastFailureAt <= self.resetMillis) return false
  self.state = "HalfOpen"
  self.successCount = 0
  if (self.resets) self.failureCount = 0
  return true
}

export const onSuccess = (self: SeedBreaker): void => {
  if (self.state === "HalfOpen") {
    self.successCount++
    if (self.successCount < self.halfOpenMax) return
    self.state = "Closed"
  }
  if (self.state === "Closed") self.failureCount = 0
}

export const onFailure = (self: SeedBreaker, now: number): void => {
  self.failureCount++
  self.lastFailureAt = now
  // HALF_OPEN reopens by accident: the count is still at the threshold.
  if (self.failureCount < self.threshold || self.state === "Open") return
  self.state = "Open"
  self.opens++
}

/** The score a reader would make of a count: what is left of the threshold. */
export const score = (self: SeedBreaker): number => Math.max(0, 1 - self.failureCount / self.threshold)

import type { Traffic } from "@truce/core"

/**
 * Traffic that is replaced in place.
 *
 * Of a healthy key nothing else changes. Made anew at each success, the circuits of many keys would each live until their next call, and
 * the garbage collector would move them all.
 */
export class Counter implements Traffic.Traffic {
  // Without a number to begin with V8 would make one anew at each write.
  attempts = 0
  failures = 0
  at = 0
  slowest = 0
  succeededAt = 0

  become({ at, attempts, failures, slowest, succeededAt }: Traffic.Traffic): void {
    this.attempts = attempts
    this.failures = failures
    this.at = at
    this.slowest = slowest
    this.succeededAt = succeededAt
  }
}

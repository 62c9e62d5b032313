/**
 * How many attempts a key has seen lately, how many of them failed, and how long its successes took: facts that no success erases and no
 * transition resets.
 *
 * @since 0.1.0
 */

/**
 * Attempts and failed weight of about the last minute, decayed to `at` (milliseconds on the circuit's clock).
 *
 * @category models
 * @since 0.1.0
 */
export interface Volume {
  readonly attempts: number
  readonly failures: number
  readonly at: number
}

/**
 * The volume of a key and the pace of its successes: `slowest` is how long the slowest recent success or answer took, in milliseconds, as
 * of `succeededAt`, the time of the last one; 0 where none of them was timed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Traffic extends Volume {
  readonly slowest: number
  readonly succeededAt: number
}

/**
 * Time constant of the decay, in milliseconds: 60 s.
 *
 * @category constants
 * @since 0.1.0
 */
export const memoryMillis = 60_000

/**
 * Time in which the slowest success is forgotten by half, in milliseconds: 10 minutes.
 *
 * @category constants
 * @since 0.1.0
 */
export const slowestHalfLifeMillis = 600_000

/**
 * No traffic yet.
 *
 * @category constructors
 * @since 0.1.0
 */
export const none: Traffic = { attempts: 0, failures: 0, at: 0, slowest: 0, succeededAt: 0 }

/**
 * The traffic after one more success, of the given failed weight where it was slow. `startedAt` where the attempt was timed.
 *
 * @category transitions
 * @since 0.1.0
 */
export const succeeded = (self: Traffic, raw: number, startedAt: number | undefined, now: number): Traffic => {
  const kept = decay(self, now)
  return {
    attempts: self.attempts * kept + 1,
    failures: self.failures * kept + raw,
    at: Math.max(self.at, now),
    slowest: slowest(self, startedAt, now),
    succeededAt: Math.max(self.succeededAt, now)
  }
}

/**
 * The traffic after an answer that is no success: it counts for nothing but that the dependency is there, and how long it took.
 *
 * @category transitions
 * @since 0.1.0
 */
export const answered = (self: Traffic, startedAt: number | undefined, now: number): Traffic => ({
  attempts: self.attempts,
  failures: self.failures,
  at: self.at,
  slowest: slowest(self, startedAt, now),
  succeededAt: Math.max(self.succeededAt, now)
})

/**
 * The traffic after one or several attempts more, with the sum of their failed weights; it learns nothing of the pace.
 *
 * @category transitions
 * @since 0.1.0
 */
export const add = (self: Traffic, attempts: number, failures: number, now: number): Traffic => {
  const kept = decay(self, now)
  return {
    attempts: self.attempts * kept + attempts,
    failures: self.failures * kept + failures,
    at: Math.max(self.at, now),
    slowest: self.slowest,
    succeededAt: self.succeededAt
  }
}

/**
 * Whether an attempt that began at `startedAt` and was interrupted at `now` had waited in vain: at least as long as the slowest recent
 * success, while nothing succeeded or was answered. Never before a success was timed.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isOverdue = (self: Traffic, startedAt: number, now: number): boolean =>
  self.slowest > 0 && self.succeededAt < startedAt && now - startedAt >= slowest(self, undefined, now)

/**
 * The share of recent attempts that failed, in [0, 1), with `prior` attempts assumed to have succeeded before the first.
 *
 * @category getters
 * @since 0.1.0
 */
export const strain = (self: Volume, prior: number, now: number): number => {
  const kept = decay(self, now)
  return (self.failures * kept) / (self.attempts * kept + prior)
}

/**
 * Attempts of about the last minute as of `now`.
 *
 * @category getters
 * @since 0.1.0
 */
export const attempts = (self: Volume, now: number): number => self.attempts * decay(self, now)

const decay = (self: Volume, now: number): number => (now > self.at ? Math.exp((self.at - now) / memoryMillis) : 1)

const slowest = (self: Traffic, startedAt: number | undefined, now: number): number => {
  const passed = now - self.succeededAt
  const kept = self.slowest === 0 || passed <= 0 ? self.slowest : self.slowest * 2 ** (-passed / slowestHalfLifeMillis)
  return startedAt === undefined ? kept : Math.max(kept, now - startedAt)
}

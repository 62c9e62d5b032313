/**
 * How many attempts a key has seen lately, and how many of them failed: facts that no success erases and no transition resets.
 *
 * @since 0.1.0
 */

/**
 * Attempts and failed weight of about the last minute, decayed to `at` (milliseconds on the circuit's clock).
 *
 * @category models
 * @since 0.1.0
 */
export interface Traffic {
  readonly attempts: number
  readonly failures: number
  readonly at: number
}

/**
 * Time constant of the decay, in milliseconds: 60 s.
 *
 * @category constants
 * @since 0.1.0
 */
export const memoryMillis = 60_000

/**
 * No traffic yet.
 *
 * @category constructors
 * @since 0.1.0
 */
export const none: Traffic = { attempts: 0, failures: 0, at: 0 }

/**
 * The traffic after one more attempt of the given failed weight.
 *
 * @category transitions
 * @since 0.1.0
 */
export const note = (self: Traffic, raw: number, now: number): Traffic => {
  const kept = decay(self, now)
  return { attempts: self.attempts * kept + 1, failures: self.failures * kept + raw, at: Math.max(self.at, now) }
}

/**
 * The traffic after several attempts told at once, with the sum of their failed weights.
 *
 * @category transitions
 * @since 0.1.0
 */
export const add = (self: Traffic, attempts: number, failures: number, now: number): Traffic => {
  const kept = decay(self, now)
  return {
    attempts: self.attempts * kept + attempts,
    failures: self.failures * kept + failures,
    at: Math.max(self.at, now)
  }
}

/**
 * The share of recent attempts that failed, in [0, 1), with `prior` attempts assumed to have succeeded before the first.
 *
 * @category getters
 * @since 0.1.0
 */
export const strain = (self: Traffic, prior: number, now: number): number => {
  const kept = decay(self, now)
  return (self.failures * kept) / (self.attempts * kept + prior)
}

/**
 * Attempts of about the last minute as of `now`.
 *
 * @category getters
 * @since 0.1.0
 */
export const attempts = (self: Traffic, now: number): number => self.attempts * decay(self, now)

const decay = (self: Traffic, now: number): number => (now > self.at ? Math.exp((self.at - now) / memoryMillis) : 1)

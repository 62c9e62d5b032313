/**
 * A ramp after a re-trip, as an option of a design: the core has none.
 *
 * A trip within 10 s of a close makes the next close ramp up: of the attempts, a share that grows from 10 % to all is admitted, over
 * 10 s, then 20, then 40. A first trip costs nothing.
 */
export interface SlowStart {
  readonly admits: (now: number, random: () => number) => boolean
  readonly tripped: (now: number) => void
  readonly closed: (now: number) => void
}

const withinMillis = 10_000
const baseMillis = 10_000
const maxMillis = 40_000
const from = 0.1

export const make = (): SlowStart => {
  let closedAt = -Infinity
  let rampMillis = 0
  return {
    admits: (now, random) => {
      const passed = now - closedAt
      return passed >= rampMillis || random() < Math.max(from, passed / rampMillis)
    },
    tripped: (now) => {
      const again = now - closedAt < Math.max(withinMillis, rampMillis)
      rampMillis = again ? Math.min(maxMillis, Math.max(baseMillis, 2 * rampMillis)) : 0
    },
    closed: (now) => {
      closedAt = now
    }
  }
}

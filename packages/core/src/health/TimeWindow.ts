import { check, count, positive, share, names } from "../options/InvalidOption.ts"
import { type HealthModel, clamp01, defaultProbation, epsilon } from "./Model.ts"

/** Ten buckets whatever the window: an update copies ten numbers, a reading adds none. */
const buckets = 10

/**
 * The state of `timeWindow`: failed and succeeded weight by bucket of a tenth of the window, newest bucket `slot`, and `shown`, the
 * score as of the last event.
 *
 * @category models
 * @since 0.1.0
 */
export interface TimeWindow {
  readonly failures: ReadonlyArray<number>
  readonly successes: ReadonlyArray<number>
  readonly slot: number
  readonly shown: number
  readonly offset: number
}

/**
 * The failure rate over a sliding time window of ten buckets; trips at `threshold` once the window holds `min` attempts.
 *
 * Forgetting an old success is not evidence against a dependency, so the score does not fall by it; only a failure lowers it. Failures
 * count undiscounted. One call bears any number of failed attempts below `min * threshold` (10 with the defaults) and, alone in
 * the window, `min - 1`.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (Reading the defaults)
 *
 * ```ts
 * import { HealthModel } from "@truce/core"
 *
 * HealthModel.timeWindow().parameters // => { windowMillis: 10_000, threshold: 0.5, min: 20 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const timeWindow = (
  options: {
    /** Length of the window, in ms. Default: 10 000. */
    readonly windowMillis?: number | undefined
    /** Failure rate that trips, at or above, in (0, 1]. Default: 0.5. */
    readonly threshold?: number | undefined
    /** Attempts in the window before it may trip. Default: 20. */
    readonly min?: number | undefined
  } = {}
): HealthModel<TimeWindow> => {
  const owner = "HealthModel.timeWindow"
  names(owner, options, ["windowMillis", "threshold", "min"])
  const windowMillis = check(owner, "windowMillis", options.windowMillis, 10_000, positive)
  const threshold = check(owner, "threshold", options.threshold, 0.5, share)
  const min = check(owner, "min", options.min, 20, count)
  const width = windowMillis / buckets
  const zeros: ReadonlyArray<number> = Array.from({ length: buckets }, () => 0)
  const init: TimeWindow = { failures: zeros, successes: zeros, slot: 0, shown: 1, offset: 0 }

  const health = (self: TimeWindow): number => {
    const failed = sum(self.failures)
    return clamp01(1 - failed / Math.max(min, failed + sum(self.successes)))
  }
  // Buckets leave one by one, and the score shown is the best it was on the way: it never falls without an event.
  const advance = (self: TimeWindow, now: number): TimeWindow => {
    const slot = Math.floor((now - self.offset) / width)
    const gone = Math.min(buckets, slot - self.slot)
    if (gone <= 0) return self
    let { failures, successes, shown } = self
    for (let step = 0; step < gone; step++) {
      failures = [...failures.slice(1), 0]
      successes = [...successes.slice(1), 0]
      shown = Math.max(shown, health({ ...self, failures, successes }))
    }
    return { ...self, failures, successes, slot, shown }
  }
  return {
    name: "timeWindow",
    parameters: { windowMillis, threshold, min },
    openBelow: 1 - threshold,
    discount: 1,
    probation: defaultProbation,
    init,
    observe: (self, mass, _, now) => {
      const base = advance(self, now)
      const next = {
        ...base,
        failures: addLast(base.failures, mass.failure),
        successes: addLast(base.successes, mass.success)
      }
      const h = health(next)
      return { ...next, shown: mass.failure > 0 ? Math.min(base.shown, h) : Math.max(base.shown, h) }
    },
    score: (self, now) => advance(self, now).shown,
    trips: (self, now) => {
      const { failures, successes } = advance(self, now)
      const failed = sum(failures)
      const total = failed + sum(successes)
      return total >= min - epsilon && failed >= total * threshold - epsilon
    },
    resume: ({ offset }, _, now) => ({ ...init, slot: Math.floor((now - offset) / width), offset }),
    encode: (self) => ({ ...self, windowMillis }),
    decode: (data, shift) => decoded(data, windowMillis, shift)
  }
}

const decoded = (data: unknown, windowMillis: number, shift: number): TimeWindow | undefined => {
  if (typeof data !== "object" || data === null) return undefined
  const { failures, successes, slot, shown, offset, windowMillis: measured } = Object.fromEntries(Object.entries(data))
  // Buckets of another width are of other times.
  return measured === windowMillis &&
    isBuckets(failures) &&
    isBuckets(successes) &&
    isNumber(slot) &&
    isNumber(shown) &&
    isNumber(offset) &&
    shown >= 0 &&
    shown <= 1
    ? { failures, successes, slot, shown, offset: offset + shift }
    : undefined
}

const sum = (numbers: ReadonlyArray<number>): number => {
  let total = 0
  for (const number of numbers) total += number
  return total
}

const addLast = (numbers: ReadonlyArray<number>, added: number): ReadonlyArray<number> =>
  added === 0 ? numbers : [...numbers.slice(0, -1), (numbers.at(-1) ?? 0) + added]

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value)

const isBuckets = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.length === buckets && value.every((item) => isNumber(item) && item >= 0)

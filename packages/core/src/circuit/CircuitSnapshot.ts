/**
 * A circuit as plain JSON data, and back.
 *
 * @since 0.1.0
 */
import type { Circuit, Lease, Mode, Openings, Ramp, State } from "./CircuitState.ts"
import { type CircuitPolicy, longestOpenMillis } from "./CircuitPolicy.ts"
import { numbers } from "../health/Model.ts"
import type { Traffic } from "../health/Traffic.ts"

/**
 * Everything a circuit knows but the last moves, as of `takenAt` on the clock it was taken on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Snapshot {
  readonly version: 1
  readonly model: string
  readonly takenAt: number
  readonly mode: Mode
  readonly state: State
  readonly generation: number
  readonly openings: Openings
  readonly seed: number
  readonly traffic: Traffic
  readonly health: unknown
}

/**
 * What is wrong with data that was to be restored.
 *
 * @category models
 * @since 0.1.0
 */
export interface Invalid {
  readonly _tag: "Invalid"
  readonly field: string
  readonly rule: string
}

/**
 * Takes a snapshot at `now`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const take = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, now: number): Snapshot => ({
  version: 1,
  model: policy.model.name,
  takenAt: now,
  mode: self.mode,
  state: self.state,
  generation: self.generation,
  openings: self.openings,
  seed: self.seed,
  traffic: self.traffic,
  health: policy.model.encode(self.health, now)
})

/**
 * The circuit of a snapshot, on a clock that reads `now` when `elapsedMillis` have passed since it was taken.
 *
 * It decides as the original would have, within what the policy can ask for: an open time, a lease or a ramp that would last longer is cut
 * (`clamped`), and nothing has happened later than `now`. After an infinite time all of them are over. Data that is not a snapshot of this
 * model gives `Invalid`, which names the field.
 *
 * **Example** (Surviving a restart)
 *
 * ```ts
 * import { Circuit, CircuitPolicy, CircuitSnapshot, HealthModel } from "@truce/core"
 *
 * const policy = CircuitPolicy.make(HealthModel.ledger())
 * const isolated = Circuit.isolate(Circuit.make(policy, 42), "maintenance", 5_000)
 * const stored = JSON.stringify(CircuitSnapshot.take(policy, isolated, 6_000))
 *
 * const restored = CircuitSnapshot.restore(policy, JSON.parse(stored), { now: 100, elapsedMillis: 30_000 })
 * restored._tag === "Restored" ? Circuit.status(restored.circuit) : restored.rule // => "Isolated"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const restore = <S>(
  policy: CircuitPolicy<S>,
  data: unknown,
  clock: { readonly now: number; readonly elapsedMillis: number }
): { readonly _tag: "Restored"; readonly circuit: Circuit<S> } | Invalid => {
  if (typeof data !== "object" || data === null) return invalid("snapshot", "an object")
  const top = numbers(data, topNumbers)
  if (top === undefined) {
    return invalid(topNumbers.find((name) => numbers(data, [name]) === undefined) ?? "snapshot", "a finite number")
  }
  if (top.version !== 1) return invalid("version", `1, got ${top.version}`)
  if (!isWhole(top.generation)) return invalid("generation", `a whole number of at least 0, got ${top.generation}`)
  const model = get(data, "model")
  if (model !== policy.model.name) {
    const got = typeof model === "string" ? JSON.stringify(model) : typeof model
    return invalid("model", `${JSON.stringify(policy.model.name)}, got ${got}`)
  }
  // Whatever is stored was over after as long.
  const shift = clock.now - Math.min(clock.elapsedMillis, longMillis) - top.takenAt
  const mode = readMode(get(data, "mode"), shift)
  if (mode === undefined) return invalid("mode", "a mode with _tag, reason and since")
  const state = readState(get(data, "state"), shift)
  if (state === undefined)
    return invalid("state", "Closed, Open or HalfOpen with its times and a score or credit in [0, 1]")
  const openings = readOpenings(get(data, "openings"))
  if (openings === undefined) {
    return invalid("openings", "inARow, a whole number, lastMillis, and rampMillis if any, all at least 0")
  }
  const traffic = readTraffic(get(data, "traffic"), shift)
  if (traffic === undefined)
    return invalid("traffic", "0 <= failures <= attempts, at, and slowest of at least 0 if any")
  const health = policy.model.decode(get(data, "health"), shift)
  if (health === undefined) return invalid("health", `a state of the model ${policy.model.name}`)
  return {
    _tag: "Restored",
    circuit: clamped(
      policy,
      {
        mode,
        state,
        generation: top.generation,
        openings,
        seed: top.seed,
        health,
        traffic,
        moves: []
      },
      clock.now
    )
  }
}

/**
 * The circuit with no time that its policy could not have made by `now`: whatever a stored text says, it asks again within the longest
 * open time, or the lease.
 *
 * @category conversions
 * @since 0.1.0
 */
export const clamped = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, now: number): Circuit<S> => ({
  ...self,
  mode: { ...self.mode, since: Math.min(self.mode.since, now) },
  state: clampedState(policy, self.state, now),
  openings: {
    ...self.openings,
    lastMillis: Math.min(self.openings.lastMillis, longestOpenMillis(policy))
  }
})

const clampedState = <S>(policy: CircuitPolicy<S>, state: State, now: number): State => {
  const since = Math.min(state.since, now)
  switch (state._tag) {
    case "Closed": {
      if (state.ramp === undefined || policy.slowStart === false) return { ...state, since }
      const until = Math.min(state.ramp.until, now + policy.slowStart.maxRampMillis)
      return { ...state, since, ramp: { ...state.ramp, until } }
    }
    case "Open":
      return { ...state, since, until: Math.min(state.until, now + longestOpenMillis(policy)) }
    case "HalfOpen": {
      const last = now + policy.leaseMillis
      return {
        ...state,
        since,
        leases: state.leases.map((lease) => ({ ...lease, until: Math.min(lease.until, last) }))
      }
    }
  }
}

const longMillis = 1e12

const topNumbers = ["version", "takenAt", "generation", "seed"] as const

const invalid = (field: string, rule: string): Invalid => ({ _tag: "Invalid", field, rule })

const get = (data: unknown, name: string): unknown =>
  typeof data === "object" && data !== null ? Reflect.get(data, name) : undefined

const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 0

const isScore = (value: number): boolean => value >= 0 && value <= 1

const readMode = (data: unknown, shift: number): Mode | undefined => {
  const tag = get(data, "_tag")
  const reason = get(data, "reason")
  const times = numbers(data, ["since"])
  if (times === undefined || typeof reason !== "string") return undefined
  switch (tag) {
    case "Automatic":
    case "Isolated":
    case "Disabled":
    case "Observing":
      return { _tag: tag, reason, since: times.since + shift }
    default:
      return undefined
  }
}

const readState = (data: unknown, shift: number): State | undefined => {
  switch (get(data, "_tag")) {
    case "Closed": {
      const found = numbers(data, ["since"])
      const ramp = readRamp(get(data, "ramp"), shift)
      if (found === undefined || ramp === "invalid") return undefined
      const since = found.since + shift
      return ramp !== undefined && ramp.until <= since ? undefined : { _tag: "Closed", since, ramp }
    }
    case "Open": {
      const found = numbers(data, ["since", "until", "score"])
      if (found === undefined || !isScore(found.score)) return undefined
      return { _tag: "Open", since: found.since + shift, until: found.until + shift, score: found.score }
    }
    case "HalfOpen": {
      const found = numbers(data, ["since", "suspicion", "nextProbe"])
      const leases = readLeases(get(data, "leases"), shift)
      if (found === undefined || leases === undefined) return undefined
      if (!isScore(found.suspicion) || !isWhole(found.nextProbe)) return undefined
      return { _tag: "HalfOpen", ...found, since: found.since + shift, leases }
    }
    default:
      return undefined
  }
}

// A record of before slow start has neither a ramp nor its length.
const readRamp = (data: unknown, shift: number): Ramp | undefined | "invalid" => {
  if (data === undefined) return undefined
  const ramp = numbers(data, ["until", "credit"])
  if (ramp === undefined || ramp.credit < 0 || ramp.credit >= 1) return "invalid"
  return { until: ramp.until + shift, credit: ramp.credit }
}

const readOpenings = (data: unknown): Openings | undefined => {
  const found = numbers(data, ["inARow", "lastMillis"])
  const ramp = get(data, "rampMillis") === undefined ? { rampMillis: 0 } : numbers(data, ["rampMillis"])
  if (found === undefined || ramp === undefined) return undefined
  return isWhole(found.inARow) && found.lastMillis >= 0 && ramp.rampMillis >= 0 ? { ...found, ...ramp } : undefined
}

// A record of before interruptions were judged by the slowest success knows of none.
const readTraffic = (data: unknown, shift: number): Traffic | undefined => {
  const found = numbers(data, ["attempts", "failures", "at"])
  const paced =
    get(data, "slowest") === undefined ? { slowest: 0, succeededAt: 0 } : numbers(data, ["slowest", "succeededAt"])
  if (found === undefined || paced === undefined) return undefined
  if (found.failures < 0 || found.attempts < found.failures || paced.slowest < 0) return undefined
  return { ...found, at: found.at + shift, slowest: paced.slowest, succeededAt: paced.succeededAt + shift }
}

const readLeases = (data: unknown, shift: number): ReadonlyArray<Lease> | undefined => {
  if (!Array.isArray(data)) return undefined
  const leases: Array<Lease> = []
  for (const item of data) {
    const lease = numbers(item, ["probe", "until"])
    if (lease === undefined) return undefined
    leases.push({ probe: lease.probe, until: lease.until + shift })
  }
  return leases
}

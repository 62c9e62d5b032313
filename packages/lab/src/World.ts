/**
 * The world a design lives in, as plain data: who calls, what serves, what goes wrong and when.
 *
 * All times are milliseconds from the start of the run.
 */

/** When calls begin. Rates are over all processes. */
export type Arrivals =
  /** One call every `1 / perSecond` s; the first at half of that. */
  | { readonly _tag: "Constant"; readonly perSecond: number }
  | { readonly _tag: "Poisson"; readonly perSecond: number }
  /** Poisson in bursts: on and off for exponential times; `perSecond` is the mean over both. */
  | { readonly _tag: "Bursty"; readonly perSecond: number; readonly onMillis: number; readonly offMillis: number }
  /** Callers that wait for their answer and then think for an exponential time; a call that took no time is followed by 1 ms. */
  | { readonly _tag: "ClosedLoop"; readonly callers: number; readonly thinkMillis: number }

/** How long the service works on one attempt. */
export type Latency =
  | { readonly _tag: "Constant"; readonly meanMillis: number }
  | { readonly _tag: "Exponential"; readonly meanMillis: number }
  | { readonly _tag: "LogNormal"; readonly meanMillis: number; readonly sigma: number }
  /** Heavy-tailed; the variance is infinite for a shape of at most 2. */
  | { readonly _tag: "Pareto"; readonly meanMillis: number; readonly shape: number }

export interface Service {
  readonly latency: Latency
  /** Attempts worked on at once; `null` for no limit. */
  readonly servers: number | null
  /** Attempts that wait at most; one more fails at once, as an overload. */
  readonly queue: number
  /** How long a refused or broken attempt takes to fail. */
  readonly failureMillis: number
}

/** What is wrong while a fault lasts. */
export type Effect =
  /** Every attempt is refused at once. */
  | { readonly _tag: "Outage" }
  /** No attempt is ever answered. */
  | { readonly _tag: "Blackhole" }
  /** Each attempt fails with this probability, after it was served. */
  | { readonly _tag: "Brownout"; readonly share: number }
  /** Serving takes longer by this factor. */
  | { readonly _tag: "Latency"; readonly factor: number }
  /** This share of the calls fails on every attempt, after it was served. */
  | { readonly _tag: "Poison"; readonly share: number }
  /** This many times the calls arrive. */
  | { readonly _tag: "Surge"; readonly factor: number }
  /** A cache is emptied when the fault begins: serving takes `factor` times as long, and warms up over `fills` served attempts. */
  | { readonly _tag: "ColdCache"; readonly factor: number; readonly fills: number }

export interface Fault {
  readonly fromMillis: number
  readonly untilMillis: number
  readonly effect: Effect
  /** Only this partition; all by default. */
  readonly partition?: number
  /** Only what this process sends, as when its own network is broken; all by default. */
  readonly process?: number
}

/** Shards or tenants of one dependency; each call belongs to one. */
export interface Partitions {
  readonly count: number
  /** One circuit for all, or one for each. */
  readonly circuits: "one" | "each"
  /** Tenants share servers and queue; shards have their own. */
  readonly servers: "shared" | "each"
}

/** Callers who hang up: a share of all, so long after they sent an attempt. The service does its work all the same. */
export interface Impatience {
  readonly share: number
  readonly afterMillis: number
}

export interface World {
  readonly arrivals: Arrivals
  /** Default: everybody waits for the timeout. */
  readonly impatience?: Impatience
  readonly service: Service
  readonly faults: ReadonlyArray<Fault>
  /** Processes that each have a protection of their own. Default: 1. */
  readonly processes?: number
  readonly partitions?: Partitions
}

const between =
  (effect: Effect) =>
  (fromMillis: number, untilMillis: number): ReadonlyArray<Fault> => [{ fromMillis, untilMillis, effect }]

export const outage = between({ _tag: "Outage" })
export const blackhole = between({ _tag: "Blackhole" })
export const brownout = (share: number, fromMillis: number, untilMillis: number) =>
  between({ _tag: "Brownout", share })(fromMillis, untilMillis)
export const latencySpike = (factor: number, fromMillis: number, untilMillis: number) =>
  between({ _tag: "Latency", factor })(fromMillis, untilMillis)
export const poison = (share: number, fromMillis: number, untilMillis: number) =>
  between({ _tag: "Poison", share })(fromMillis, untilMillis)
export const surge = (factor: number, fromMillis: number, untilMillis: number) =>
  between({ _tag: "Surge", factor })(fromMillis, untilMillis)

/** Down for `downMillis`, up for `upMillis`, again and again. */
export const flapping = (
  downMillis: number,
  upMillis: number,
  fromMillis: number,
  untilMillis: number
): ReadonlyArray<Fault> => {
  const faults: Array<Fault> = []
  for (let at = fromMillis; at < untilMillis; at += downMillis + upMillis) {
    faults.push({ fromMillis: at, untilMillis: Math.min(at + downMillis, untilMillis), effect: { _tag: "Outage" } })
  }
  return faults
}

/** The same faults for what one process sends alone. */
export const onlyFrom = (process: number, faults: ReadonlyArray<Fault>): ReadonlyArray<Fault> =>
  faults.map((fault) => ({ ...fault, process }))

/** The same faults for one shard or tenant alone. */
export const onlyIn = (partition: number, faults: ReadonlyArray<Fault>): ReadonlyArray<Fault> =>
  faults.map((fault) => ({ ...fault, partition }))

/** Counts while the run goes on, in memory that does not grow with its length. */
import type { Status } from "./Design.ts"
import type { Bucket, Counts } from "./RunResult.ts"
import type { Scenario } from "./Scenario.ts"

type Mutable<A> = { -readonly [K in keyof A]: A[K] }

/** Seconds after the window that are looked at for the recovery. */
const recoverySeconds = 600
/** A second is good when this share of its calls ends well. */
const recovered = 0.9

export interface Measure {
  readonly called: (startedAt: number) => void
  readonly asked: (startedAt: number, now: number, admitted: boolean, first: boolean) => void
  readonly settled: (sentAt: number, ok: boolean) => void
  readonly ended: (startedAt: number, ok: boolean) => void
  /** The first circuit, after something happened to it. */
  readonly watched: (now: number, status: Status, score: number) => void
  readonly opened: (now: number) => void
  readonly result: () => Measured
}

export interface Measured {
  readonly total: Counts
  readonly before: Counts
  readonly during: Counts
  readonly after: Counts
  readonly availability: number | null
  readonly availabilityAfter: number | null
  readonly availabilityFirstSecond: number | null
  readonly absorbed: number | null
  readonly detectMillis: number | null
  readonly wasted: number
  readonly load: number | null
  readonly recoveryMillis: number | null
  readonly bucketMillis: number
  readonly buckets: ReadonlyArray<Bucket>
}

export const make = (scenario: Scenario, series: boolean): Measure => {
  const { durationMillis, fault } = scenario
  const bucketMillis = scenario.bucketMillis ?? Math.max(100, durationMillis / 240)
  const before = none()
  const during = none()
  const after = none()
  const seconds = { offered: new Float64Array(recoverySeconds), ok: new Float64Array(recoverySeconds) }
  const firstSecond = { offered: 0, ok: 0 }
  const buckets: Array<Mutable<Bucket>> = []
  const count = series ? Math.ceil(durationMillis / bucketMillis) : 0
  for (let index = 0; index < count; index++) {
    const atMillis = index * bucketMillis
    buckets.push({ atMillis, offered: 0, ok: 0, absorbed: 0, failed: 0, status: "Closed", score: 1 })
  }
  let absorbed = 0
  let firstOpening: number | null = null
  let filled = 0
  let status: Status = "Closed"
  let score = 1

  const phase = (at: number): Mutable<Counts> =>
    at < fault.fromMillis ? before : at < fault.untilMillis ? during : after
  const bucket = series
    ? (at: number): Mutable<Bucket> | undefined => buckets[Math.floor(at / bucketMillis)]
    : () => undefined
  const second = (at: number): number => (at < fault.untilMillis ? -1 : Math.floor((at - fault.untilMillis) / 1_000))
  const isFirst = (at: number): boolean => at >= fault.fromMillis && at < fault.fromMillis + 1_000
  /** What the circuit was when the last event was seen holds until the next. */
  const fill = (until: number): void => {
    for (let here = buckets[filled]; here !== undefined && filled < until; here = buckets[filled]) {
      here.status = status
      const next = buckets[++filled]
      if (next !== undefined && filled <= until) next.score = score
    }
  }

  return {
    called: (startedAt) => {
      phase(startedAt).calls++
      const here = bucket(startedAt)
      if (here !== undefined) here.offered++
      const index = second(startedAt)
      if (index >= 0 && index < recoverySeconds) seconds.offered[index] = (seconds.offered[index] ?? 0) + 1
      if (isFirst(startedAt)) firstSecond.offered++
    },
    asked: (startedAt, now, admitted, first) => {
      const counts = phase(now)
      counts.asked++
      if (!admitted) {
        counts.refusals++
        if (first) phase(startedAt).rejected++
        return
      }
      counts.attempts++
      const here = bucket(now)
      if (here !== undefined) here.absorbed++
      if (firstOpening === null && now >= fault.fromMillis) absorbed++
    },
    settled: (sentAt, ok) => {
      const counts = phase(sentAt)
      if (ok) counts.attemptsOk++
      else {
        counts.attemptsFailed++
        const here = bucket(sentAt)
        if (here !== undefined) here.failed++
      }
    },
    ended: (startedAt, ok) => {
      const counts = phase(startedAt)
      if (!ok) {
        counts.failed++
        return
      }
      counts.ok++
      const here = bucket(startedAt)
      if (here !== undefined) here.ok++
      const index = second(startedAt)
      if (index >= 0 && index < recoverySeconds) seconds.ok[index] = (seconds.ok[index] ?? 0) + 1
      if (isFirst(startedAt)) firstSecond.ok++
    },
    watched: (now, nextStatus, nextScore) => {
      const index = Math.floor(now / bucketMillis)
      fill(index)
      status = nextStatus
      score = nextScore
      const here = buckets[index]
      if (here !== undefined) here.score = Math.min(here.score, score)
    },
    opened: (now) => {
      if (firstOpening === null && now >= fault.fromMillis) firstOpening = now
    },
    result: () => {
      fill(buckets.length)
      const whole = Math.min(recoverySeconds, Math.floor((durationMillis - fault.untilMillis) / 1_000))
      let recovery: number | null = null
      for (let index = 0; index < whole && recovery === null; index++) {
        const offered = seconds.offered[index] ?? 0
        if (offered > 0 && (seconds.ok[index] ?? 0) >= recovered * offered) recovery = index * 1_000
      }
      return {
        total: sum([before, during, after]),
        before,
        during,
        after,
        availability: ratio(during.ok, during.calls),
        availabilityAfter: ratio(after.ok, after.calls),
        availabilityFirstSecond: ratio(firstSecond.ok, firstSecond.offered),
        absorbed: firstOpening === null ? null : absorbed,
        detectMillis: firstOpening === null ? null : firstOpening - fault.fromMillis,
        wasted: during.attemptsFailed,
        load: ratio(during.attempts, during.calls),
        recoveryMillis: recovery,
        bucketMillis,
        buckets
      }
    }
  }
}

const none = (): Mutable<Counts> => ({
  calls: 0,
  ok: 0,
  failed: 0,
  rejected: 0,
  asked: 0,
  attempts: 0,
  refusals: 0,
  attemptsOk: 0,
  attemptsFailed: 0
})

const sum = (all: ReadonlyArray<Counts>): Counts => {
  const total = none()
  for (const counts of all) {
    total.calls += counts.calls
    total.ok += counts.ok
    total.failed += counts.failed
    total.rejected += counts.rejected
    total.asked += counts.asked
    total.attempts += counts.attempts
    total.refusals += counts.refusals
    total.attemptsOk += counts.attemptsOk
    total.attemptsFailed += counts.attemptsFailed
  }
  return total
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole)

/** Times cases side by side: every round runs each of them once, so that a slow moment of the machine is shared by all. */
import { inTurn, type Run } from "./Case.ts"

export interface Subject {
  readonly run: Run
  readonly batch: number
}

export interface Settings {
  readonly rounds: number
  /** How long one case runs in one round. */
  readonly sliceMillis: number
}

/** Nanoseconds per call, one figure a round. */
export type Times = ReadonlyArray<number>

export const measure = async (
  subjects: ReadonlyArray<Subject>,
  settings: Settings,
  tick: (done: number, of: number) => void
): Promise<ReadonlyArray<Times>> => {
  const timed: Array<{ readonly run: Run; readonly count: number; readonly times: Array<number> }> = []
  const steps = subjects.length + settings.rounds
  for (const { batch, run } of subjects) {
    timed.push({ run, count: await calibrate(run, batch, settings.sliceMillis), times: [] })
    tick(timed.length, steps)
  }
  for (let round = 0; round < settings.rounds; round++) {
    globalThis.gc?.()
    // Another one begins each round, so that no case always runs behind the same one.
    const first = (round * 7) % timed.length
    for (const { count, run, times } of [...timed.slice(first), ...timed.slice(0, first)]) {
      times.push((await elapsed(run, count)) / count)
    }
    tick(subjects.length + round + 1, steps)
  }
  return timed.map(({ times }) => times)
}

const elapsed = async (run: Run, count: number): Promise<number> => {
  const start = process.hrtime.bigint()
  await run(count)
  return Number(process.hrtime.bigint() - start)
}

/** How many calls fill a slice, once the code is warm: the first runs build what the case needs, and are slow. */
const calibrate = async (run: Run, batch: number, sliceMillis: number): Promise<number> => {
  const slice = sliceMillis * 1e6
  await run(batch)
  let count = batch
  while ((await elapsed(run, count)) < slice) count *= 2
  const calls = (count * slice) / (await elapsed(run, count))
  return Math.max(1, Math.round(calls / batch)) * batch
}

export const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((left, right) => left - right)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? NaN
  const high = sorted[Math.ceil(at)] ?? NaN
  return low + (high - low) * (at - Math.floor(at))
}

/** The median, and half the distance between the quartiles. */
export interface Figure {
  readonly median: number
  readonly spread: number
}

/** What `guarded` costs over `bare`, round by round. */
export const overhead = (guarded: Times, bare: Times): Figure => {
  const next = inTurn([bare[0] ?? 0, ...bare.slice(1)])
  const differences = guarded.map((time) => time - next())
  return {
    median: quantile(differences, 0.5),
    spread: (quantile(differences, 0.75) - quantile(differences, 0.25)) / 2
  }
}

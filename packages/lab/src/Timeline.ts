/** The faults of one partition, as one process meets them, cut into stretches in which nothing changes. */
import type { Fault } from "./World.ts"

/** What holds in one stretch. */
export interface Weather {
  readonly untilMillis: number
  readonly refused: boolean
  readonly hung: boolean
  readonly errorShare: number
  readonly poisonShare: number
  readonly latencyFactor: number
  readonly arrivalFactor: number
  /** The cold cache that began last: 0 for none yet, otherwise its number. */
  readonly cold: number
  readonly coldFactor: number
  readonly coldFills: number
}

/** Asked at times that never go back; `ahead` may look forward from there. */
export interface Timeline {
  readonly at: (now: number) => Weather
  readonly ahead: (time: number) => Weather
}

export const make = (all: ReadonlyArray<Fault>, partition: number | undefined, process?: number): Timeline => {
  const faults = all.filter(
    (fault) =>
      (fault.partition === undefined || fault.partition === partition) &&
      (fault.process === undefined || fault.process === process)
  )
  const edges = [...new Set(faults.flatMap((fault) => [fault.fromMillis, fault.untilMillis]))].sort((a, b) => a - b)
  const weathers = [-Infinity, ...edges].map((from, index) => weather(faults, from, edges[index] ?? Infinity))
  let cursor = 0
  const scan = (from: number, time: number): number => {
    let index = from
    for (let here = weathers[index]; here !== undefined && here.untilMillis <= time; here = weathers[index]) index++
    return index
  }
  const get = (index: number): Weather => {
    const found = weathers[index]
    if (found === undefined) throw new Error("the last stretch never ends")
    return found
  }
  return {
    at: (now) => {
      cursor = scan(cursor, now)
      return get(cursor)
    },
    ahead: (time) => get(scan(cursor, time))
  }
}

const weather = (faults: ReadonlyArray<Fault>, from: number, untilMillis: number): Weather => {
  let refused = false
  let hung = false
  let fine = 1
  let unpoisoned = 1
  let latencyFactor = 1
  let arrivalFactor = 1
  let cold = 0
  let coldFactor = 1
  let coldFills = 1
  faults.forEach(({ effect, ...fault }, index) => {
    // An emptied cache stays empty until it is filled again, however long the fault lasts.
    if (effect._tag === "ColdCache") {
      if (fault.fromMillis > from) return
      cold = index + 1
      coldFactor = effect.factor
      coldFills = effect.fills
      return
    }
    if (fault.fromMillis > from || fault.untilMillis <= from) return
    switch (effect._tag) {
      case "Outage":
        refused = true
        break
      case "Blackhole":
        hung = true
        break
      case "Brownout":
        fine *= 1 - effect.share
        break
      case "Latency":
        latencyFactor *= effect.factor
        break
      case "Poison":
        unpoisoned *= 1 - effect.share
        break
      case "Surge":
        arrivalFactor *= effect.factor
        break
      default:
        effect satisfies never
    }
  })
  return {
    untilMillis,
    refused,
    hung,
    errorShare: 1 - fine,
    poisonShare: 1 - unpoisoned,
    latencyFactor,
    arrivalFactor,
    cold,
    coldFactor,
    coldFills
  }
}

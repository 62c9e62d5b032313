/** Sees what the processes of a fleet do and what their store does for them, and says which promise was not kept. */
import { type Circuit, CircuitPolicy, Fleet, HealthModel, Traffic } from "@truce/core"
import type { Process } from "./FleetPlan.ts"

export interface Promises {
  readonly permits: number
  readonly leaseTimeoutMillis: number
}

/** A body that has begun, as its process saw it then. */
export interface Beginning {
  readonly process: Process
  readonly at: number
  readonly status: Circuit.Status
  /** How long its circuit has had this status. */
  readonly sinceMillis: number
  /** The generation of the circuit of its process. */
  readonly generation: number
  readonly isUp: boolean
  /** How long it waited for its admission. */
  readonly waitedMillis: number
  /** How long whoever has waited longest there did: who waits with others goes its own way with them. */
  readonly longestMillis: number
}

/** A lease that the store has given: of which record, whose, whether its probe has begun, and whether the store still holds it. */
interface Grant {
  readonly age: number
  readonly generation: number
  readonly probe: number
  readonly process: Process
  isUsed: boolean
  isHeld: boolean
  /** The write that gave it, until its process hears of it; and whether somebody wrote over it before. */
  text: string | undefined
  isCovered: boolean
}

export interface UnderWay extends Beginning {
  readonly grant: Grant | undefined
}

const policy = Fleet.make(CircuitPolicy.make(HealthModel.ledger()))

const read = (text: string | undefined): Circuit.Circuit<unknown> | undefined => {
  const decoded = text === undefined ? undefined : Fleet.decode(policy, text)
  return decoded?._tag === "Decoded" ? decoded.shared.circuit : undefined
}

export const make = ({ leaseTimeoutMillis, permits }: Promises) => {
  const broken: Array<string> = []
  const grants: Array<Grant> = []
  const probes = new Set<UnderWay>()
  /** When a process has been told of the opening it follows; the generation of that, and of the one which it has left by itself. */
  const learnt = new Map<Process, number>()
  const heard = new Map<Process, number>()
  const left = new Map<Process, number>()
  /** How often the record was lost: leases of another age are nobody's. */
  let age = 0
  /** What the last record that a process has heard of was: its generation. */
  const known = new Map<Process, number>()
  /** Attempts of a process that it may still tell of: what was not told before it learnt of an opening is of another story. */
  const untold = new Map<Process, number>()
  /** What it has told the record there is now: to be told again once that is lost. */
  const kept = new Map<Process, number>()

  const leftAlone = (process: Process): void => {
    learnt.delete(process)
    const generation = heard.get(process)
    if (generation !== undefined) left.set(process, generation)
  }
  const granted = (
    process: Process,
    before: Circuit.Circuit<unknown> | undefined,
    after: Circuit.Circuit<unknown>,
    text: string
  ) => {
    for (const grant of grants) grant.isCovered ||= grant.text !== undefined && grant.process !== process
    const held = after.state._tag === "HalfOpen" ? after.state.leases : []
    for (const grant of grants) {
      grant.isHeld &&= grant.generation !== after.generation || held.some(({ probe }) => probe === grant.probe)
    }
    if (after.state._tag !== "HalfOpen") return
    const { generation } = after
    const known = before?.generation === generation && before.state._tag === "HalfOpen" ? before.state.leases : []
    for (const { probe } of after.state.leases) {
      if (known.some((lease) => lease.probe === probe)) continue
      grants.push({ age, generation, probe, process, isUsed: false, isHeld: true, text, isCovered: false })
    }
  }

  return {
    broken,
    /** The store has done a replacement. */
    replaced: (process: Process, beforeText: string | undefined, text: string): void => {
      const [before, after] = [read(beforeText), read(text)]
      if (after === undefined) {
        broken.push(`process ${process} has written what is no record: ${text}`)
        return
      }
      granted(process, before, after, text)
      const was = before?.traffic ?? Traffic.none
      const faded = Math.exp(Math.min(0, was.at - after.traffic.at) / Traffic.memoryMillis)
      // A probe is one, and tells for itself.
      if (before?.state._tag === "HalfOpen") return
      const told = after.traffic.attempts - was.attempts * faded
      const left = (untold.get(process) ?? 0) - told
      if (left < -1e-6) broken.push(`process ${process} told of ${told} attempts, ${-left} of them twice`)
      untold.set(process, left)
      kept.set(process, (kept.get(process) ?? 0) + told)
    },
    /** Whether the store holds a lease that its process cannot know of: its answer was lost, and another has written over it. */
    holdsUnknown: (): boolean => grants.some(({ isCovered, isHeld }) => isCovered && isHeld),
    lost: (): void => {
      age++
      for (const [process, told] of kept) untold.set(process, (untold.get(process) ?? 0) + told)
      kept.clear()
    },
    /** A process has been told what the store holds. */
    heard: (process: Process, text: string | undefined, at: number): void => {
      for (const grant of grants) if (grant.process === process && grant.text === text) grant.text = undefined
      const circuit = read(text)
      if (circuit !== undefined) {
        const isOther = known.get(process) !== circuit.generation
        known.set(process, circuit.generation)
        if (isOther && circuit.state._tag !== "Closed") {
          untold.set(process, 0)
          kept.delete(process)
        }
        // What it has begun by itself neither the fleet nor it counts once its store is back.
        for (const probe of probes) if (probe.process === process && probe.grant === undefined) probes.delete(probe)
      }
      if (circuit === undefined || circuit.state._tag === "Closed") {
        learnt.delete(process)
        heard.delete(process)
        left.delete(process)
        return
      }
      heard.set(process, circuit.generation)
      if (left.get(process) !== circuit.generation) {
        left.delete(process)
        if (!learnt.has(process)) learnt.set(process, at)
      }
    },
    reset: leftAlone,
    began: (beginning: Beginning): UnderWay => {
      const { at, generation, isUp, longestMillis, process, sinceMillis, status, waitedMillis } = beginning
      if (waitedMillis > leaseTimeoutMillis)
        broken.push(`process ${process} waited ${waitedMillis} ms for an admission`)
      if (status === "Closed") {
        // Between being told and having learnt, in one instant, it may admit.
        if ((learnt.get(process) ?? at) < at)
          broken.push(`process ${process} has learnt of an opening and admits as if it had not`)
        return { ...beginning, grant: undefined }
      }
      if (status === "Open") {
        // It was admitted before what opened it in this instant.
        if (sinceMillis > 0) broken.push(`process ${process} admits while it is open`)
        return { ...beginning, grant: undefined }
      }
      // Whoever has no answer in time does not probe on the lease that the store may have given all the same.
      const hasAnswer = isUp && longestMillis < leaseTimeoutMillis
      const grant = hasAnswer ? grants.find((one) => one.process === process && one.isHeld && !one.isUsed) : undefined
      const isByItself = !hasAnswer || !learnt.has(process)
      if (grant === undefined && !isByItself) broken.push(`process ${process} probes without a lease`)
      // Who probes by itself goes its own way until the fleet's circuit changes.
      if (grant === undefined) leftAlone(process)
      if (grant !== undefined) grant.isUsed = true
      const begun = { ...beginning, grant }
      probes.add(begun)
      const alike = [...probes].filter((one) =>
        grant === undefined
          ? one.grant === undefined && one.process === process && one.generation === generation
          : one.grant?.age === grant.age && one.grant.generation === grant.generation
      )
      const whose = grant === undefined ? `process ${process} by itself` : "the fleet"
      if (alike.length > permits) broken.push(`${alike.length} probes of ${whose} are under way`)
      return begun
    },
    /** The body has ended. */
    ended: (begun: UnderWay): void => void probes.delete(begun),
    /** Its caller goes on, `millis` after that. */
    settled: (begun: UnderWay, millis: number, isUp: boolean): void => {
      const { process, status } = begun
      untold.set(process, (untold.get(process) ?? 0) + 1)
      if (millis > leaseTimeoutMillis) broken.push(`process ${process} waited ${millis} ms with an outcome`)
      // It has settled by itself what the store could not be told.
      if (status === "HalfOpen" && (begun.grant === undefined || !isUp || millis >= leaseTimeoutMillis))
        leftAlone(process)
    },
    rejected: (process: Process, millis: number): void => {
      if (millis > leaseTimeoutMillis) broken.push(`process ${process} waited ${millis} ms to be rejected`)
    },
    died: (process: Process, cause: string): void =>
      void broken.push(`a call of process ${process} ended with ${cause}`)
  }
}

export type Watch = ReturnType<typeof make>

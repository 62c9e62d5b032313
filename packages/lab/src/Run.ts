/** Runs one scenario under one design. The same seed gives the same bytes. */
import { CallPolicy, Outcome } from "@truce/core"
import * as ArrivalProcess from "./ArrivalProcess.ts"
import * as Dependency from "./Dependency.ts"
import { type Call, type Design, type Next, type Protection, type Reason, type Status, giveUp } from "./Design.ts"
import * as EventQueue from "./EventQueue.ts"
import * as Measure from "./Measure.ts"
import * as Random from "./Random.ts"
import type { Event, RunResult } from "./RunResult.ts"
import type { Scenario } from "./Scenario.ts"

export type { Bucket, Counts, Event, RunResult } from "./RunResult.ts"

export interface Options {
  /** A whole number. */
  readonly seed: number
  /** Keeps up to this many events. Default: 0, no trace. */
  readonly trace?: number
  /** Whether the result has its time series. Default: true. */
  readonly series?: boolean
  /** What attempts meet, instead of the service and the faults of the world. */
  readonly dependency?: Dependency.Dependency
  /** When the next call begins, instead of the arrivals of the world; Infinity when none does. */
  readonly arrival?: () => number
  /** Called now and then with the simulated time. */
  readonly onProgress?: (simulatedMillis: number) => void
}

/** Events between two reports of progress. */
const progressEvery = 65_536

/** Numbers of the jitter that are kept for one attempt: half for its admission, half for what follows it. */
const drawsPerAttempt = 8

/** The circuit of one process, for one partition if each has its own. */
interface Cell {
  readonly protection: Protection
  readonly process: number
  readonly partition: number
  readonly watched: boolean
  /** Calls between two attempts, where the design ends them at an opening. */
  readonly waiting: Set<Pending>
  opens: number
  probes: number
  status: Status
}

/** What waits for its moment: the next arrival, a caller that thinks, or a call. */
class Pending {
  kind: "arrival" | "caller" | "retry" | "reply" | "hung up" | "ended"
  /** Its number among the calls; of a caller, its own. */
  readonly id: number
  readonly partition: number
  readonly startedAt: number
  readonly cell: Cell | undefined
  readonly call: Call | undefined
  /** The caller who waits for it, in a closed loop. */
  readonly caller: Pending | undefined
  attempt = 0
  sentAt = 0
  isProbe = false
  reply: Dependency.Reply | undefined = undefined

  constructor(
    kind: Pending["kind"],
    id: number,
    partition = 0,
    startedAt = 0,
    cell?: Cell,
    call?: Call,
    caller?: Pending
  ) {
    this.kind = kind
    this.id = id
    this.partition = partition
    this.startedAt = startedAt
    this.cell = cell
    this.call = call
    this.caller = caller
  }
}

/** Runs a scenario to its end; calls on their way are finished, and none begins later. */
export const run = (scenario: Scenario, design: Design, options: Options): RunResult => {
  const { seed, series = true } = options
  const { arrivals, impatience, partitions, processes = 1 } = scenario.world
  const { timeoutMillis, durationMillis } = scenario
  const retry = CallPolicy.make({ attempts: scenario.attempts, backoff: scenario.backoff })
  const patience = { timeoutMillis, slowAfterMillis: scenario.slowAfterMillis ?? timeoutMillis / 2 }
  const dependency = options.dependency ?? Dependency.make(scenario.world, patience, seed)
  const arrival = options.arrival ?? ArrivalProcess.make(scenario.world, seed)
  const toProcess = Random.uniform(seed, "process")
  const toPartition = Random.uniform(seed, "partition")
  const think = Random.uniform(seed, "think")
  const toPatience = Random.uniform(seed, "patience")
  const isImpatient = (id: number): boolean => impatience !== undefined && toPatience(id) < impatience.share
  const measure = Measure.make(scenario, series)
  const queue = EventQueue.make<Pending>()
  const traceLimit = options.trace ?? 0
  const trace: Array<Event> = []
  const separate = partitions?.circuits === "each" ? partitions.count : 1
  const callers = arrivals._tag === "ClosedLoop" ? arrivals.callers : 1
  const jitter = Random.uniform(seed, "jitter")
  // What a design draws belongs to the attempt it is asked about, so that every design waits the same before the same retry.
  const drawing = { call: 0, next: 0 }
  let events = 0
  let calls = 0
  let peakProbes = 0
  let probes = 0
  const broken = new Set(scenario.world.faults.flatMap(({ process }) => (process === undefined ? [] : [process])))
  const elsewhere = { calls: 0, ok: 0 }
  const isElsewhere = ({ cell, startedAt }: Pending): boolean =>
    broken.size > 0 &&
    cell !== undefined &&
    !broken.has(cell.process) &&
    startedAt >= scenario.fault.fromMillis &&
    startedAt < scenario.fault.untilMillis

  const fleets = Array.from({ length: separate }, (_, partition) => ({ partition }))
  const cell = (process: number, fleet: { readonly partition: number }): Cell => {
    const index = process * separate + fleet.partition
    const protection = design.make({
      process,
      fleet,
      seed: Random.integer(seed, "circuit", index),
      retry,
      random: () => jitter(drawing.call, drawing.next++)
    })
    const watched = series && index === 0
    return {
      protection,
      process,
      partition: fleet.partition,
      watched,
      waiting: new Set(),
      opens: 0,
      probes: 0,
      status: "Closed"
    }
  }
  const cells = Array.from({ length: processes }, (_, process) => fleets.map((fleet) => cell(process, fleet))).flat()

  const isTracing = (): boolean => trace.length < traceLimit
  const where = (pending: Pending, now: number) => ({
    at: now,
    process: pending.cell?.process ?? 0,
    partition: pending.partition,
    call: pending.id
  })

  /** Looks at a circuit after something happened to it. */
  const look = (cell: Cell, now: number): void => {
    const { protection } = cell
    const opens = protection.opens()
    if (opens !== cell.opens) {
      cell.opens = opens
      measure.opened(now)
      if (cell.waiting.size > 0 && protection.isPointless?.(now) === true) abandon(cell, now)
    }
    if (!cell.watched && traceLimit === 0) return
    const status = protection.status(now)
    const score = protection.score(now)
    if (cell.watched) measure.watched(now, status, score)
    if (status === cell.status) return
    if (isTracing()) {
      const { partition, process } = cell
      trace.push({ _tag: "Transitioned", at: now, process, partition, from: cell.status, to: status, score })
    }
    cell.status = status
  }

  const abandon = (cell: Cell, now: number): void => {
    for (const pending of cell.waiting) {
      // It stays in the queue until it would have been due.
      pending.kind = "ended"
      if (pending.call !== undefined) follow(pending, pending.call.rejected(now), now)
    }
    cell.waiting.clear()
  }

  const begin = (id: number, caller: Pending | undefined, now: number): void => {
    const partition = partitions === undefined ? 0 : Math.floor(toPartition(id) * partitions.count)
    const process = caller === undefined ? Math.floor(toProcess(id) * processes) : caller.id % processes
    const cell = cells[process * separate + (separate === 1 ? 0 : partition)]
    if (cell === undefined) throw new Error(`no circuit for process ${process} and partition ${partition}`)
    const pending = new Pending("retry", id, partition, now, cell, cell.protection.begin(now), caller)
    measure.called(now)
    if (isElsewhere(pending)) elsewhere.calls++
    if (isTracing()) trace.push({ _tag: "Called", ...where(pending, now) })
    attempt(pending, now)
  }

  const attempt = (pending: Pending, now: number): void => {
    const { call, cell } = pending
    if (call === undefined || cell === undefined) return
    drawing.call = pending.id
    drawing.next = pending.attempt * drawsPerAttempt
    const isAdmitted = call.admit(now)
    measure.asked(pending.startedAt, now, isAdmitted, pending.attempt === 0)
    pending.attempt++
    // A request for admission can move the circuit, but not its score.
    const status = cell.protection.status(now)
    if (status !== cell.status) look(cell, now)
    if (isTracing()) {
      const _tag = isAdmitted ? "Admitted" : "Rejected"
      trace.push({ _tag, ...where(pending, now), attempt: pending.attempt, status })
    }
    if (!isAdmitted) {
      follow(pending, call.rejected(now), now)
      return
    }
    pending.isProbe = status === "HalfOpen"
    if (pending.isProbe) {
      peakProbes = Math.max(peakProbes, ++cell.probes)
      if (now >= scenario.fault.fromMillis && now < scenario.fault.untilMillis) probes++
    }
    pending.sentAt = now
    pending.reply = dependency.send(pending.id, pending.attempt, pending.partition, now, cell.process)
    const patience = isImpatient(pending.id) ? (impatience?.afterMillis ?? Infinity) : Infinity
    pending.kind = pending.reply.afterMillis > patience ? "hung up" : "reply"
    queue.push(pending, now + Math.min(pending.reply.afterMillis, patience))
  }

  const settle = (pending: Pending, now: number): void => {
    const { call, cell, reply } = pending
    if (call === undefined || cell === undefined || reply === undefined) return
    const { outcome } = reply
    if (pending.isProbe) cell.probes--
    measure.settled(pending.sentAt, outcome._tag === "Success")
    drawing.call = pending.id
    drawing.next = (pending.attempt - 0.5) * drawsPerAttempt
    const next = call.settle(outcome, now, pending.sentAt)
    if (isTracing() && outcome._tag !== "Ignored") {
      trace.push({
        _tag: "Settled",
        ...where(pending, now),
        attempt: pending.attempt,
        outcome: outcome._tag,
        slow: Outcome.isSaturated(outcome),
        score: cell.protection.score(now)
      })
    }
    look(cell, now)
    follow(pending, next, now)
  }

  const hungUp = (pending: Pending, now: number): void => {
    const { call, cell, sentAt } = pending
    if (call === undefined || cell === undefined) return
    if (pending.isProbe) cell.probes--
    measure.settled(sentAt, false)
    call.hungUp?.(now, sentAt)
    look(cell, now)
    follow(pending, giveUp("hung-up"), now)
  }

  const follow = (pending: Pending, next: Next, now: number): void => {
    switch (next._tag) {
      case "Done":
        return end(pending, "ok", now)
      case "GiveUp":
        return end(pending, next.reason, now)
      case "RetryAfter":
        if (isTracing()) trace.push({ _tag: "Waiting", ...where(pending, now), delayMillis: next.delayMillis })
        wait(pending, next.delayMillis, now)
    }
  }

  const wait = (pending: Pending, delayMillis: number, now: number): void => {
    const { call, cell } = pending
    if (call !== undefined && cell?.protection.isPointless !== undefined) {
      if (cell.protection.isPointless(now)) {
        follow(pending, call.rejected(now), now)
        return
      }
      cell.waiting.add(pending)
    }
    pending.kind = "retry"
    queue.push(pending, now + delayMillis)
  }

  const end = (pending: Pending, result: "ok" | Reason, now: number): void => {
    measure.ended(pending.startedAt, result === "ok")
    if (result === "ok" && isElsewhere(pending)) elsewhere.ok++
    if (isTracing()) trace.push({ _tag: "Ended", ...where(pending, now), attempts: pending.attempt, result })
    if (pending.caller !== undefined) rest(pending.caller, pending.startedAt, now)
  }

  const rest = (caller: Pending, since: number, now: number): void => {
    if (arrivals._tag !== "ClosedLoop") return
    const thought = now + arrivals.thinkMillis * Random.exponential(think(caller.id, caller.attempt))
    // A caller who is refused at once and never thinks would stop the clock.
    const at = thought > since ? thought : since + 1
    if (at < durationMillis) queue.push(caller, at)
  }

  const next = (source: Pending): void => {
    const at = arrival()
    if (at < durationMillis) queue.hold(source, at)
  }

  if (arrivals._tag === "ClosedLoop") {
    for (let id = 0; id < callers; id++) rest(new Pending("caller", id), -1, 0)
  } else next(new Pending("arrival", 0))

  for (let pending = queue.pop(); pending !== undefined; pending = queue.pop()) {
    const now = queue.now()
    if (++events % progressEvery === 0) options.onProgress?.(now)
    switch (pending.kind) {
      case "arrival":
        next(pending)
        begin(calls++, undefined, now)
        break
      case "caller":
        begin(pending.id + callers * pending.attempt++, pending, now)
        break
      case "retry":
        pending.cell?.waiting.delete(pending)
        attempt(pending, now)
        break
      case "ended":
        break
      case "hung up":
        hungUp(pending, now)
        break
      case "reply":
        settle(pending, now)
    }
  }

  return {
    scenario: scenario.name,
    design: design.name,
    seed,
    durationMillis,
    ...measure.result(),
    opens: cells.reduce((sum, { protection }) => sum + protection.opens(), 0),
    peakProbes,
    probes,
    availabilityElsewhere: elsewhere.calls === 0 ? null : elsewhere.ok / elsewhere.calls,
    ...(traceLimit > 0 ? { trace } : {})
  }
}

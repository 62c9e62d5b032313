/** What one history does to an implementation, step by step. */
import { type Circuit, type CircuitSnapshot, Outcome, Traffic } from "@truce/core"
import { interrupted, outcomeOf } from "./CoreSession.ts"
import { type Command, type Key, keys } from "./histories.ts"
import type { Session, Snapshots, Told, Transition } from "./Subject.ts"

/** A key at one time; its circuit is left out where it was never seen. */
export interface Look {
  readonly view: Circuit.View
  readonly circuit: CircuitSnapshot.Snapshot | undefined
}

export type Looks = { readonly [key in Key]: Look }

/** What an attempt was admitted with, as the circuits show it. */
export interface Permit {
  readonly generation: number
  readonly probe: number
  readonly judged: boolean
  readonly until: number
}

export interface UnderWay {
  readonly name: string
  readonly byHand: boolean
  readonly permits: { readonly [key in Key]?: Permit | undefined }
  readonly startedAt: number
  readonly timed: boolean
}

export interface Step {
  readonly command: Command
  readonly before: Looks
  readonly after: Looks
  /** The time after the command; its time, but for a command that moves it. */
  readonly now: number
  readonly previously: number
  readonly told: Told | undefined
  readonly attempt: UnderWay | undefined
}

export interface Trace {
  readonly steps: ReadonlyArray<Step>
  readonly transitions: ReadonlyArray<Transition>
  readonly circuits: Snapshots
}

/** Does what commands say to a session, and looks before and after. */
export class Driver {
  readonly steps: Array<Step> = []
  private readonly session: Session
  private readonly prefix: string
  private looks: Looks | undefined
  private underWay: ReadonlyArray<UnderWay> = []
  private past: ReadonlyArray<UnderWay> = []
  private count = 0
  now: number

  constructor(session: Session, prefix = "", now = 0) {
    this.session = session
    this.prefix = prefix
    this.now = now
  }

  private async look(): Promise<Looks> {
    const circuits = await this.session.snapshot()
    const of = async (key: Key): Promise<Look> => ({ view: await this.session.view(key), circuit: circuits[key] })
    return { a: await of("a"), b: await of("b") }
  }

  /** Forgets what it saw last: somebody else has used the session. */
  disturbed(): void {
    this.looks = undefined
  }

  async step(command: Command): Promise<void> {
    const before = this.looks ?? (await this.look())
    const previously = this.now
    const done = await this.perform(command, before)
    if (done === undefined) return
    const after = await this.look()
    this.looks = after
    const attempt =
      command.do === "begin" && done.told?._tag === "Admitted" ? this.begun(command, before, after) : done.attempt
    this.steps.push({ command, before, after, previously, now: this.now, told: done.told, attempt })
  }

  /** Interrupts what is under way. */
  async drain(): Promise<void> {
    while (this.underWay.length > 0) await this.step({ do: "end", pick: 0, ends: "interrupt" })
  }

  private begun(command: Extract<Command, { readonly do: "begin" }>, before: Looks, after: Looks): UnderWay {
    const permits = Object.fromEntries(command.keys.map((key) => [key, permitOf(before[key], after[key])]))
    const { byHand, timed } = command
    const name = `${this.prefix}${this.count}`
    const attempt = { name, byHand, permits, startedAt: this.now, timed: timed && !byHand }
    this.underWay = [...this.underWay, attempt]
    return attempt
  }

  private async perform(
    command: Command,
    looks: Looks
  ): Promise<{ readonly told?: Told; readonly attempt?: UnderWay } | undefined> {
    const { session } = this
    switch (command.do) {
      case "begin": {
        const { byHand, call, keys, timed } = command
        const attempt = `${this.prefix}${++this.count}`
        const of = call === undefined ? undefined : `${this.prefix}call ${call}`
        return { told: await session.begin({ attempt, keys, call: of, byHand, timed }) }
      }
      case "end": {
        const attempt = this.underWay[command.pick % this.underWay.length]
        if (attempt === undefined) return undefined
        this.underWay = this.underWay.filter((other) => other !== attempt)
        this.past = [...this.past, attempt]
        await session.end(attempt.name, command.ends)
        return { attempt }
      }
      case "end again": {
        const attempt = this.past[command.past % this.past.length]
        if (attempt === undefined || !attempt.byHand || !keys.every((key) => isSpent(attempt, key, looks)))
          return undefined
        await session.end(attempt.name, command.ends)
        return { attempt }
      }
      case "record":
        await session.record(command.key, command.outcome)
        return {}
      case "control":
        await session.control(command.key, command.to, "by hand")
        return {}
      case "advance":
        return this.advance(Math.max(0, this.now + command.millis) - this.now)
      case "wait": {
        const { nextAdmission = Infinity } = looks[command.key].view
        if (nextAdmission === Infinity) return undefined
        return this.advance(Math.max(0, Math.ceil(nextAdmission - this.now) - (command.early ? 1 : 0)))
      }
    }
  }

  private async advance(millis: number): Promise<{}> {
    await this.session.advance(millis)
    this.now += millis
    return {}
  }
}

// Settling twice in one generation of Closed would be a caller's mistake that no circuit can see.
const isSpent = ({ permits }: UnderWay, key: Key, looks: Looks): boolean => {
  const permit = permits[key]
  return permit === undefined || !permit.judged || permit.probe > 0 || permit.generation !== looks[key].view.generation
}

const permitOf = (before: Look, after: Look): Permit => {
  const { generation, state } = after.circuit ?? { generation: 0, state: undefined }
  const none = { generation, probe: 0, until: Infinity }
  switch (state?._tag) {
    case "Open":
      return { ...none, judged: false }
    case "HalfOpen": {
      const was = before.circuit?.state
      const first = was?._tag === "HalfOpen" && before.circuit?.generation === generation ? was.nextProbe : 1
      const lease = state.leases.at(-1)
      return state.nextProbe === first || lease === undefined
        ? { ...none, judged: false }
        : { generation, probe: lease.probe, until: lease.until, judged: true }
    }
    default:
      return { ...none, judged: true }
  }
}

/** Runs a whole history and ends what is left under way. */
export const perform = async (session: Session, commands: ReadonlyArray<Command>): Promise<Trace> => {
  const driver = new Driver(session)
  for (const command of commands) await driver.step(command)
  await driver.drain()
  return { steps: driver.steps, transitions: await session.transitions(), circuits: await session.snapshot() }
}

/** What a step says of a key, heard or not. */
export const evidenceOf = ({ attempt, before, command, now }: Step, key: Key): Outcome.Outcome => {
  if (command.do === "end" && command.ends === "interrupt" && attempt?.timed === true && attempt.permits[key]) {
    const traffics = keys.flatMap((of) => (attempt.permits[of] ? [before[of].circuit?.traffic ?? Traffic.none] : []))
    return interrupted(traffics, attempt.startedAt, now)
  }
  switch (command.do) {
    case "record":
      return command.key === key ? command.outcome : Outcome.ignored
    case "end":
    case "end again":
      return attempt?.permits[key] === undefined ? Outcome.ignored : outcomeOf(command.ends)
    default:
      return Outcome.ignored
  }
}

/** Whether the circuit has to hear it: the permit is of this generation, and its lease has not ended. */
export const isHeard = ({ attempt, before, command, now }: Step, key: Key): boolean => {
  const { circuit, view } = before[key]
  if (command.do === "record") {
    return command.key === key && view.mode._tag !== "Isolated" && circuit?.state._tag !== "Open"
  }
  const permit = attempt?.permits[key]
  if (permit === undefined || !permit.judged || permit.generation !== view.generation) return false
  const state = circuit?.state
  return state?._tag !== "HalfOpen" || state.leases.some(({ probe, until }) => probe === permit.probe && until > now)
}

export const isManual = ({ command }: Step, key: Key): boolean => command.do === "control" && command.key === key

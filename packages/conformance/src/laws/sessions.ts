/** Laws that compare two runs: with the core, with itself again, after a restart, and beside another key. */
import { Outcome } from "@truce/core"
import * as CoreSession from "../CoreSession.ts"
import { agree, hold } from "../Difference.ts"
import { type Command, type Key, keys } from "../histories.ts"
import { type Policy, rulesOf } from "../Policy.ts"
import type { End, Session, Subject, Transition } from "../Subject.ts"
import { Driver, type Step, type Trace, perform } from "../Trace.ts"

export type Histories = ReadonlyArray<Command>

export interface SessionLaw {
  readonly name: string
  readonly runs: "alike" | "pairs"
  readonly holds: (subject: Subject, policy: Policy, commands: Histories, trace: Trace) => Promise<void>
}

/** What can be seen of a step from outside, without what is a matter of words. */
const shown = ({ after, now, told }: Step) => ({
  now,
  told: told?._tag === "Rejected" ? { ...told, message: undefined } : told,
  a: after.a.view,
  b: after.b.view
})

const shownOf = ({ circuits, steps, transitions }: Trace) => ({
  steps: steps.map(shown),
  circuits,
  // Two keys that change at one instant are told of in no order.
  transitions: Object.fromEntries(keys.map((key) => [key, of(key, transitions)]))
})

const of = (key: Key, transitions: ReadonlyArray<Transition>) => transitions.filter((one) => one.key === key)

const likeTheCore: SessionLaw = {
  name: "The same scenario gives the same transitions in the pure core, in the Effect 3 and Effect 4 bindings under TestClock, and in the lab",
  runs: "alike",
  holds: async ({ name }, policy, commands, trace) => {
    const expected = await perform(CoreSession.make(policy, { seeds: trace.circuits }), commands)
    agree(`${name} and the core`, shownOf(expected), shownOf(trace), true)
  }
}

const replays: SessionLaw = {
  name: "The same log and clock give the same states: a recorded log replays to the same decisions",
  runs: "pairs",
  holds: async (subject, policy, commands, trace) => {
    const again = await subject.session(policy, (session) => perform(session, commands))
    agree(`${subject.name} and itself again`, shownOf(trace), shownOf(again), true)
  }
}

/** What the rest of a history shows on a clock that is `shift` off. */
const rest = async (session: Session, commands: Histories, now: number, shift: number) => {
  const told = (await session.transitions()).length
  const driver = new Driver(session, "rest ", now)
  for (const command of commands) await driver.step(command)
  await driver.drain()
  const transitions = (await session.transitions()).slice(told)
  return {
    steps: driver.steps.map((step) => ({
      told: shown(step).told,
      keys: [step.after.a.view, step.after.b.view].map(({ generation, openings, probes, score, status }) => ({
        generation,
        openings,
        probes,
        score,
        status
      }))
    })),
    transitions: keys.map((key) =>
      of(key, transitions).map(({ at, from, generation, mode, openings, reason, score, to }) => ({
        from,
        to,
        mode,
        reason,
        at: at - shift,
        generation,
        score,
        openings
      }))
    )
  }
}

const restores: SessionLaw = {
  name: "A snapshot restores to the same decisions",
  runs: "pairs",
  holds: (subject, policy, commands) =>
    subject.session(policy, async (session) => {
      // A clock that was started late must not be driven below its start.
      const forward = commands.filter((command) => command.do !== "advance" || command.millis >= 0)
      const middle = Math.floor(forward.length / 2)
      const driver = new Driver(session)
      // A key that is first seen later counts its time from the start of a clock, which is another there.
      await driver.step({ do: "begin", keys, call: undefined, byHand: true, timed: false })
      for (const command of forward.slice(0, middle)) await driver.step(command)
      await driver.drain()
      const stored: unknown = JSON.parse(JSON.stringify(await session.snapshot()))
      const late = 3_000
      const shift = late - driver.now
      const restored = await subject.session(policy, async (next) => {
        await next.advance(late)
        agree("the restoring", undefined, await next.restore(stored, 0))
        return rest(next, forward.slice(middle), late, shift)
      })
      agree(
        `${subject.name} and itself, restored`,
        await rest(session, forward.slice(middle), driver.now, 0),
        restored,
        true
      )
    })
}

const onKey = (command: Command, key: Key): Command => {
  if ("key" in command) return { ...command, key }
  return command.do === "begin" ? { ...command, keys: [key] } : command
}

const apart: SessionLaw = {
  name: "Two keys never influence each other",
  runs: "pairs",
  holds: async (subject, policy, commands) => {
    const ofA = commands.map((command) => onKey(command, "a"))
    const ofB = commands.map((command) => onKey(command, "b")).reverse()
    const run = (beside: Histories) =>
      subject.session(policy, async (session) => {
        const driver = new Driver(session, "a ")
        const other = new Driver(session, "b ")
        for (const [index, command] of ofA.entries()) {
          driver.disturbed()
          await driver.step(command)
          const also = beside[index]
          // Time is of both: only one of them moves it.
          if (also === undefined || also.do === "advance" || also.do === "wait") continue
          other.disturbed()
          other.now = driver.now
          await other.step(also)
        }
        return {
          steps: driver.steps.map(({ after, told }) => ({ told, a: after.a })),
          transitions: of("a", await session.transitions())
        }
      })
    agree(`a beside b on ${subject.name}`, await run([]), await run(ofB), true)
  }
}

/** Calls that keep coming, each with so many attempts inside of each other, until the circuit is closed. */
const recovers: SessionLaw = {
  name: "Nothing wedges: from every reachable state in automatic mode, if from now on every attempt is a success or is answered and calls keep coming, the circuit is Closed after at most one open time, one lease and as many probes as its model needs to reach `closeAt`. Nested attempts on one key included",
  runs: "pairs",
  holds: (subject, policy, commands) =>
    subject.session(policy, async (session) => {
      const driver = new Driver(session)
      for (const command of commands) if (command.do !== "control") await driver.step(command)
      let { now } = driver
      const { circuit } = rulesOf(policy)("a")
      const { nextAdmission = now, status } = await session.view("a")
      const limit = (status === "Open" ? nextAdmission : now) + circuit.leaseMillis
      const { n, rho } = circuit.model.probation
      const most = Math.ceil((n * circuit.closeAt) / rho - 1e-9)
      const ends: ReadonlyArray<End> = [Outcome.answered, Outcome.success, "permanent"]
      for (let probe = 0; (await session.view("a")).status !== "Closed";) {
        hold(now <= limit, "not closed", now - limit, "ms after an open time and a lease:", await session.view("a"))
        const names = Array.from({ length: 1 + (probe % 4) }, (_, depth) => `probe ${probe} ${depth}`)
        const told = await session.begin({ attempt: `probe ${probe} 0`, keys: ["a"] })
        if (told._tag === "Rejected") {
          await session.advance(Math.ceil(told.retryAfterMillis))
          now += Math.ceil(told.retryAfterMillis)
          continue
        }
        for (const [depth, attempt] of names.entries()) {
          if (depth === 0) continue
          const inside = `probe ${probe} ${depth - 1}`
          agree(`an attempt inside ${inside}`, told, await session.begin({ attempt, keys: ["a"], inside }))
        }
        for (const name of names.toReversed()) await session.end(name, ends[probe % 3] ?? Outcome.success)
        hold(++probe <= most, "not closed after", most, "probes:", await session.view("a"))
      }
    })
}

export const sessionLaws: ReadonlyArray<SessionLaw> = [likeTheCore, replays, restores, apart, recovers]

import { Circuit, type CircuitPolicy, Outcome } from "@truce/core"
import fc from "fast-check"

/** What may happen to one circuit. `pick` chooses among the attempts under way; `past` among those settled before. */
export type Command =
  | { readonly do: "admit" }
  | {
      readonly do: "settle"
      readonly pick: number
      readonly outcome: Outcome.Outcome
      readonly failedBefore: number
      readonly tookMillis: number | undefined
    }
  | { readonly do: "release"; readonly pick: number }
  | { readonly do: "settle again"; readonly past: number; readonly outcome: Outcome.Outcome }
  | { readonly do: "record"; readonly outcome: Outcome.Outcome }
  | { readonly do: "tick"; readonly millis: number }
  /** Lets time pass until the next admission. */
  | { readonly do: "wait" }
  | { readonly do: "manual"; readonly to: "isolate" | "disable" | "observing" | "reset" }

/** One command with the circuit before and after it. */
export interface Step<S> {
  readonly command: Command
  readonly before: Circuit.Circuit<S>
  readonly after: Circuit.Circuit<S>
  /** The time of the command; a tick's is the time after it. */
  readonly now: number
  readonly previously: number
  readonly decision: Circuit.Decision | undefined
  readonly permit: Circuit.Permit | undefined
  /** Attempts under way after the command. */
  readonly underWay: ReadonlyArray<Circuit.Permit>
}

export const outcomes: fc.Arbitrary<Outcome.Outcome> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(Outcome.success) },
  { weight: 1, arbitrary: fc.constant(Outcome.slowSuccess) },
  { weight: 7, arbitrary: fc.constant(Outcome.failure()) },
  { weight: 1, arbitrary: fc.constant(Outcome.failure({ weight: Outcome.throttleWeight, saturated: true })) },
  { weight: 1, arbitrary: fc.constant(Outcome.ignored) },
  { weight: 2, arbitrary: fc.constant(Outcome.answered) },
  {
    weight: 2,
    arbitrary: fc
      .record({
        weight: fc.double({ min: 0.001, max: 1, noNaN: true }),
        saturated: fc.boolean(),
        retryAfterMillis: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
        opens: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) })
      })
      .map(Outcome.failure)
  }
)

const index = fc.nat({ max: 1_000 })

const settleFields = {
  do: fc.constant("settle" as const),
  pick: index,
  tookMillis: fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined })
}
const settle = fc.record({
  ...settleFields,
  outcome: outcomes,
  failedBefore: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 4 }) })
})
const admit = fc.constant({ do: "admit" as const })
const tick = fc.record({
  do: fc.constant("tick" as const),
  millis: fc.oneof(
    { weight: 4, arbitrary: fc.nat({ max: 50 }) },
    { weight: 3, arbitrary: fc.integer({ min: 100, max: 2_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 5_000, max: 700_000 }) }
  )
})
const jumpBack = fc.record({ do: fc.constant("tick" as const), millis: fc.integer({ min: -5_000, max: -1 }) })
const manual = fc.record({
  do: fc.constant("manual" as const),
  to: fc.constantFrom("isolate" as const, "disable" as const, "observing" as const, "reset" as const)
})

const attempt = fc.tuple(admit, settle)
const failing = fc.array(
  fc.record({ ...settleFields, outcome: fc.constant(Outcome.failure()), failedBefore: fc.constant(0) }),
  { minLength: 3, maxLength: 12, size: "max" }
)
const burst = failing.map((settles) => settles.flatMap((one): ReadonlyArray<Command> => [{ do: "admit" }, one]))
const wait: ReadonlyArray<Command> = [{ do: "wait" }]
const probes = fc
  .tuple(
    fc.array(admit, { minLength: 1, maxLength: 3 }),
    fc.array(fc.oneof(settle, admit), { maxLength: 5, size: "max" })
  )
  .map(([admits, rest]): ReadonlyArray<Command> => wait.concat(admits, rest))

/** Histories with everything that can happen, or without manual control and jumps of the clock. */
export const histories = (kind: "all" | "calm" = "all"): fc.Arbitrary<ReadonlyArray<Command>> => {
  const single = (arbitrary: fc.Arbitrary<Command>) => arbitrary.map((command): ReadonlyArray<Command> => [command])
  const usual = [
    { weight: 10, arbitrary: attempt.map((pair): ReadonlyArray<Command> => pair) },
    { weight: 2, arbitrary: burst },
    { weight: 4, arbitrary: probes },
    { weight: 3, arbitrary: single(admit) },
    { weight: 3, arbitrary: single(settle) },
    { weight: 5, arbitrary: single(tick) },
    { weight: 1, arbitrary: single(fc.record({ do: fc.constant("release" as const), pick: index })) },
    { weight: 1, arbitrary: single(fc.record({ do: fc.constant("record" as const), outcome: outcomes })) },
    {
      weight: 1,
      arbitrary: single(fc.record({ do: fc.constant("settle again" as const), past: index, outcome: outcomes }))
    }
  ]
  const wild = [
    { weight: 1, arbitrary: single(jumpBack) },
    { weight: 1, arbitrary: single(manual) }
  ]
  const arms = kind === "all" ? [...usual.map((arm) => ({ ...arm, weight: arm.weight * 2 })), ...wild] : usual
  return fc.array(fc.oneof(...arms), { minLength: 1, maxLength: 60, size: "max" }).map((lists) => lists.flat())
}

/** Options of a circuit that matter to the laws. */
export const circuitOptions: fc.Arbitrary<CircuitPolicy.Options> = fc.record({
  permits: fc.integer({ min: 1, max: 5 }),
  reopenOn: fc.constantFrom("failure" as const, "score" as const),
  leaseMillis: fc.constantFrom(100, 1_000, 10_000),
  openMillis: fc.constantFrom(50, 500),
  openJitter: fc.constantFrom(0, 0.2, 0.9),
  slowWeight: fc.constantFrom(0, 0, 0.35, 0.6, 1),
  slowStart: fc.constantFrom(false, true, {
    withinMillis: 1e9,
    rampMillis: 3_000,
    maxRampMillis: 10_000,
    initialShare: 0.3
  })
})

/** A world that commands change: a circuit, its clock and the attempts under way and past. */
export interface World<S> {
  readonly circuit: Circuit.Circuit<S>
  readonly now: number
  readonly underWay: ReadonlyArray<Circuit.Permit>
  readonly past: ReadonlyArray<Circuit.Permit>
}

export const begin = <S>(circuit: Circuit.Circuit<S>, now: number): World<S> => ({
  circuit,
  now,
  underWay: [],
  past: []
})

const manually = {
  isolate: <S>(_: CircuitPolicy.CircuitPolicy<S>, ...rest: Parameters<typeof Circuit.isolate<S>>) =>
    Circuit.isolate(...rest),
  disable: <S>(_: CircuitPolicy.CircuitPolicy<S>, ...rest: Parameters<typeof Circuit.disable<S>>) =>
    Circuit.disable(...rest),
  observing: <S>(_: CircuitPolicy.CircuitPolicy<S>, ...rest: Parameters<typeof Circuit.observe<S>>) =>
    Circuit.observe(...rest),
  reset: Circuit.reset
} as const

/** A circuit that has seen nothing but, where there is a slow start, closed just now with a ramp: two trips in short order are rare. */
export const fresh = <S>(policy: CircuitPolicy.CircuitPolicy<S>): Circuit.Circuit<S> => {
  const circuit = Circuit.make(policy, 42)
  if (policy.slowStart === false) return circuit
  const { rampMillis } = policy.slowStart
  return {
    ...circuit,
    openings: { inARow: 1, lastMillis: 500, rampMillis },
    state: { _tag: "Closed", since: 1_000, ramp: { until: 1_000 + rampMillis, credit: 0.5 } }
  }
}

/** What a command settles. */
export const settledBy = (
  { failedBefore, outcome, tookMillis }: Extract<Command, { readonly do: "settle" }>,
  permit: Circuit.Permit,
  now: number
): Circuit.Settled => ({
  permit,
  outcome,
  failedBefore,
  startedAt: tookMillis === undefined ? undefined : now - tookMillis
})

/** Runs a command; `undefined` where there is nothing it could apply to. */
export const perform = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  world: World<S>,
  command: Command
): readonly [World<S>, Step<S>] | undefined => {
  const { circuit, now, past, underWay } = world
  const done = (
    after: Circuit.Circuit<S>,
    changes: Partial<World<S>> & { readonly decision?: Circuit.Decision; readonly permit?: Circuit.Permit } = {}
  ): readonly [World<S>, Step<S>] => {
    const { decision, permit, ...rest } = changes
    const next: World<S> = { circuit: after, now, underWay, past, ...rest }
    return [
      next,
      {
        command,
        before: circuit,
        after,
        now: next.now,
        previously: now,
        decision,
        permit,
        underWay: next.underWay
      }
    ]
  }
  const finish = (pick: number, end: (permit: Circuit.Permit) => Circuit.Circuit<S>) => {
    const permit = underWay[pick % underWay.length]
    if (permit === undefined) return undefined
    return done(end(permit), {
      permit,
      underWay: underWay.filter((other) => other !== permit),
      past: [...past, permit]
    })
  }
  switch (command.do) {
    case "admit": {
      const [after, decision] = Circuit.admit(policy, circuit, now)
      return decision._tag === "Admitted"
        ? done(after, { decision, permit: decision.permit, underWay: [...underWay, decision.permit] })
        : done(after, { decision })
    }
    case "settle":
      return finish(command.pick, (permit) => Circuit.settle(policy, circuit, settledBy(command, permit, now), now))
    case "release":
      return finish(command.pick, (permit) => Circuit.release(policy, circuit, permit, now))
    case "settle again": {
      const permit = past[command.past % past.length]
      // Settling twice in one generation of Closed would be a caller's mistake that the circuit cannot see.
      if (permit === undefined || (permit.generation === circuit.generation && permit.probe === 0 && permit.judged)) {
        return undefined
      }
      return done(Circuit.settle(policy, circuit, { permit, outcome: command.outcome, failedBefore: 0 }, now), {
        permit
      })
    }
    case "record":
      return done(Circuit.record(policy, circuit, command.outcome, now))
    case "tick":
      return done(circuit, { now: Math.max(0, now + command.millis) })
    case "wait": {
      const next = Circuit.nextAdmission(policy, circuit, now)
      return next === undefined || next === Infinity ? undefined : done(circuit, { now: Math.ceil(next) })
    }
    case "manual":
      return done(manually[command.to](policy, circuit, "by hand", now))
  }
}

/** Every step of a history. */
export const run = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  history: ReadonlyArray<Command>,
  start: World<S> = begin(fresh(policy), 1_000)
): { readonly steps: ReadonlyArray<Step<S>>; readonly end: World<S> } => {
  const steps: Array<Step<S>> = []
  let world = start
  for (const command of history) {
    const done = perform(policy, world, command)
    if (done === undefined) continue
    world = done[0]
    steps.push(done[1])
  }
  return { steps, end: world }
}

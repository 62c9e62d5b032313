/** The pure core as a session: what everything else is compared with. */
import { Circuit, CircuitPolicy, CircuitSnapshot, type HealthModel, Outcome } from "@truce/core"
import { type CircuitOptions, Invalid, type Policy, type Rules, rulesOf, wordFor } from "./Policy.ts"
import type { Begin, End, Fault, Rejected, Session, Transition } from "./Subject.ts"

type Known = Circuit.Circuit<HealthModel.Opaque>

type Rule = CircuitPolicy.CircuitPolicy<HealthModel.Opaque>

/** What moves one circuit by an attempt: the functions of the core, or what a subject puts around them. */
export interface Mover {
  readonly admit: (policy: Rule, circuit: Known, now: number) => readonly [Known, Circuit.Decision]
  readonly settle: (policy: Rule, circuit: Known, settled: Circuit.Settled, now: number) => Known
}

/** The seeds that spread the open times of keys; 0 for those left out. */
export type Seeds = { readonly [key: string]: { readonly seed: number } }

interface UnderWay {
  readonly permits: ReadonlyMap<string, Circuit.Permit>
  readonly call: string | undefined
}

export const rejectionOf = (key: string, decision: Circuit.Rejected, now: number): Rejected => ({
  _tag: "Rejected",
  key,
  state: decision.status,
  retryAfterMillis: Math.max(0, decision.until - now),
  health: decision.score,
  generation: decision.generation
})

/** What an end says; a defect is a failure of full weight. */
export const outcomeOf = (end: End): Outcome.Outcome => {
  switch (end) {
    case "defect":
      return Outcome.failure()
    case "permanent":
    case "interrupt":
      return Outcome.ignored
    default:
      return end
  }
}

/** What an end says once it is known how long the attempt took: one that a caller gave up on after the slow threshold is a timeout. */
export const timed = (end: End, durationMillis: number, slowAfterMillis = Infinity): Outcome.Outcome =>
  end === "interrupt" && durationMillis > slowAfterMillis
    ? Outcome.failure({ saturated: true })
    : Outcome.timed(outcomeOf(end), durationMillis, slowAfterMillis)

/** The fault of a policy that breaks a rule. */
export const faultOf = (error: unknown): Fault => {
  if (error instanceof Invalid) return { _tag: "InvalidPolicy", paths: [error.path] }
  throw error
}

export interface Options {
  readonly seeds?: Seeds
  /** Default: the core itself. */
  readonly mover?: Mover
}

export const make = (policy: Policy, options: Options = {}): Session => new CoreSession(policy, options)

class CoreSession implements Session {
  private rules: (key: string, own?: CircuitOptions) => Rules
  private readonly seeds: Seeds
  private readonly mover: Mover
  private readonly own = new Map<string, CircuitOptions>()
  private readonly circuits = new Map<string, Known>()
  private readonly changes: Array<Transition> = []
  private readonly attempts = new Map<string, UnderWay>()
  private readonly failed = new Map<string, number>()
  private now = 0

  constructor(policy: Policy, { mover = Circuit, seeds = {} }: Options) {
    this.rules = rulesOf(policy)
    this.seeds = seeds
    this.mover = mover
  }

  private policy(key: string): Rule {
    return this.rules(key, this.own.get(key)).circuit
  }

  private circuit(key: string): Known {
    const policy = this.policy(key)
    const known = this.circuits.get(key)
    if (known === undefined) return Circuit.make(policy, this.seeds[key]?.seed ?? 0)
    const adopted = Circuit.adopt(policy, known, this.now)
    if (adopted !== known) this.circuits.set(key, adopted)
    return adopted
  }

  private put(key: string, after: Known): void {
    const transition = Circuit.transition(this.policy(key), this.circuit(key), after)
    this.circuits.set(key, after)
    if (transition !== undefined) this.changes.push({ key, ...transition })
  }

  advance = async (millis: number) => {
    this.now += millis
  }

  stepWall = async () => undefined

  begin = async ({ attempt, call, keys }: Begin) => {
    const permits = new Map<string, Circuit.Permit>()
    const asked = keys.map((key) => [key, ...this.mover.admit(this.policy(key), this.circuit(key), this.now)] as const)
    // To be asked is to be known.
    for (const [key] of asked) this.circuits.set(key, this.circuit(key))
    for (const [key, , decision] of asked) {
      if (decision._tag === "Rejected") return rejectionOf(key, decision, this.now)
      permits.set(key, decision.permit)
    }
    for (const [key, after] of asked) this.put(key, after)
    this.attempts.set(attempt, { permits, call })
    return { _tag: "Admitted" } as const
  }

  end = async (attempt: string, end: End) => {
    const { call, permits } = this.attempts.get(attempt) ?? { call: undefined, permits: [] }
    const outcome = outcomeOf(end)
    for (const [key, permit] of permits) {
      const failedBefore = call === undefined ? 0 : (this.failed.get(`${call} ${key}`) ?? 0)
      const settled = { permit, outcome, failedBefore }
      this.put(key, this.mover.settle(this.policy(key), this.circuit(key), settled, this.now))
      if (outcome._tag === "Failure") this.failed.set(`${call} ${key}`, failedBefore + 1)
    }
  }

  observe = async (key: string, outcome: Outcome.Outcome) => {
    this.put(key, Circuit.observe(this.policy(key), this.circuit(key), outcome, this.now))
  }

  control: Session["control"] = async (key, to, reason) => {
    const circuit = this.circuit(key)
    switch (to) {
      case "isolate":
        return this.put(key, Circuit.isolate(circuit, reason, this.now))
      case "disable":
        return this.put(key, Circuit.disable(circuit, reason, this.now))
      case "observe":
        return this.put(key, Circuit.observing(circuit, reason, this.now))
      case "reset":
        return this.put(key, Circuit.reset(this.policy(key), circuit, reason, this.now))
    }
  }

  view = async (key: string) => Circuit.view(this.policy(key), this.circuit(key), this.now)

  snapshot = async () =>
    Object.fromEntries(
      Array.from(this.circuits.keys(), (key) => [
        key,
        CircuitSnapshot.take(this.policy(key), this.circuit(key), this.now)
      ])
    )

  transitions = async () => [...this.changes]

  restore = async (circuits: unknown, elapsedMillis: number): Promise<Fault | undefined> => {
    const restored: Array<readonly [string, Known]> = []
    if (typeof circuits !== "object" || circuits === null) {
      return { _tag: "InvalidSnapshot", key: undefined, field: "circuits" }
    }
    for (const key of Object.keys(circuits)) {
      const data: unknown = Reflect.get(circuits, key)
      const one = CircuitSnapshot.restore(this.policy(key), data, { now: this.now, elapsedMillis })
      if (one._tag === "Invalid") return { _tag: "InvalidSnapshot", key, field: one.field }
      restored.push([key, one.circuit])
    }
    for (const [key, circuit] of restored) this.circuits.set(key, circuit)
    return undefined
  }

  register = async (key: string, options: CircuitOptions): Promise<Fault | undefined> => {
    const wanted = this.rules(key, options).circuit
    const isFree = !this.own.has(key) && !this.circuits.has(key)
    const difference = isFree ? undefined : CircuitPolicy.difference(this.policy(key), wanted)
    if (difference !== undefined) {
      const { field, left, right } = difference
      return { _tag: "PolicyConflict", key, field: wordFor(field), existing: left, requested: right }
    }
    if (isFree) this.own.set(key, options)
    return undefined
  }

  reload = async (policy: Policy): Promise<Fault | undefined> => {
    try {
      this.rules = rulesOf(policy)
      return undefined
    } catch (error) {
      return faultOf(error)
    }
  }
}

/** The pure core as a session: what everything else is compared with. */
import { Circuit, CircuitPolicy, CircuitSnapshot, type HealthModel, Outcome, type Traffic, Tables } from "@truce/core"
import { type CircuitOptions, Invalid, type Policy, type KeyRules, rulesOf } from "./Policy.ts"
import type { Begin, End, Fault, Rejected, Session, Transition } from "./Subject.ts"

type Known = Circuit.Circuit<HealthModel.Opaque>

type Rule = CircuitPolicy.CircuitPolicy<HealthModel.Opaque>

/** What moves one circuit by an attempt: the functions of the core, or what a subject puts around them. */
export interface Mover {
  readonly admit: (
    policy: Rule,
    circuit: Known,
    now: number,
    lent?: Circuit.Permit
  ) => readonly [Known, Circuit.Decision]
  readonly settle: (policy: Rule, circuit: Known, settled: Circuit.Settled, now: number) => Known
}

/** The seeds that spread the open times of keys; 0 for those left out. */
export type Seeds = { readonly [key: string]: { readonly seed: number } }

/** A key that has a circuit. What an attempt comes to is of the one that admitted it, though its key was dropped or restored meanwhile. */
interface Kept {
  readonly key: string
  readonly since: number
  policy: Rule
  circuit: Known
}

interface UnderWay {
  readonly permits: ReadonlyArray<readonly [Kept, Circuit.Permit]>
  readonly inside: UnderWay | undefined
  /** The permits of it that attempts inside have taken over. */
  readonly lent: Set<Circuit.Permit>
  isOver: boolean
  /** When it began, where anybody wants to know. */
  readonly startedAt: number | undefined
  readonly timed: boolean
  /** The call and what it names, which is what its attempts are counted by. */
  readonly call: string | undefined
}

/** What the bindings take where a policy says nothing. */
const usualMaxKeys = 10_000
const usualTtl = 600_000

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
      return Outcome.answered
    case "local":
    case "interrupt":
      return Outcome.ignored
    default:
      return end
  }
}

/** The interruption of an attempt that was timed, under circuits of this traffic. */
export const interrupted = (
  traffics: ReadonlyArray<Traffic.Traffic>,
  startedAt: number | undefined,
  now: number
): Outcome.Outcome =>
  traffics.map((traffic) => Circuit.interrupted(traffic, startedAt, now)).find(({ _tag }) => _tag === "Failure") ??
  Outcome.ignored

/** The permit of a probe around, of the innermost that still has one to lend. */
const lentFor = (
  kept: Kept,
  around: UnderWay | undefined,
  now: number
): { readonly by: UnderWay; readonly permit: Circuit.Permit } | undefined => {
  for (let by = around; by !== undefined; by = by.inside) {
    const [, permit] = by.permits.find(([of]) => of === kept) ?? []
    const isFree = permit !== undefined && permit.probe > 0 && !by.isOver && !by.lent.has(permit)
    if (isFree) return Circuit.isHeld(kept.circuit, permit, now) ? { by, permit } : undefined
  }
  return undefined
}

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

/**
 * The core knows one circuit and one policy. What it has no word for is put together from its functions here: keys are dropped by
 * `Circuit.isIdle` and `Circuit.isSpent`, several keys are admitted by one `Circuit.admit` each, of which all or none is kept, and a key whose
 * rules were reloaded is taken over by `Circuit.adopt` when it is next asked, looked at or set by hand: what was on its way is settled under
 * the policy before until then.
 */
export const make = (policy: Policy, options: Options = {}): Session => new CoreSession(policy, options)

class CoreSession implements Session {
  private lifetime: Pick<Policy, "maxKeys" | "ttl">
  private rules: (key: string, own?: CircuitOptions) => KeyRules
  private readonly seeds: Seeds
  private readonly mover: Mover
  private readonly own = new Map<string, CircuitOptions>()
  private readonly kept = new Map<string, Kept>()
  private readonly changes: Array<Transition> = []
  private readonly attempts = new Map<string, UnderWay>()
  private readonly failed = new Map<string, number>()
  private now = 0

  constructor(policy: Policy, { mover = Circuit, seeds = {} }: Options) {
    this.lifetime = policy
    this.rules = rulesOf(policy)
    this.seeds = seeds
    this.mover = mover
  }

  private policy(key: string): Rule {
    return this.rules(key, this.own.get(key)).circuit
  }

  private pristine(key: string): Known {
    return Circuit.make(this.policy(key), this.seeds[key]?.seed ?? 0)
  }

  /** The key, known from now on. */
  private known(key: string): Kept {
    return this.kept.get(key) ?? this.add(key, this.pristine(key))
  }

  /** The same, under the rules in force. */
  private ruled(key: string): Kept {
    const kept = this.known(key)
    kept.policy = this.policy(key)
    kept.circuit = Circuit.adopt(kept.policy, kept.circuit, this.now)
    return kept
  }

  private add(key: string, circuit: Known): Kept {
    this.sweep()
    const kept = { key, since: this.now, policy: this.policy(key), circuit }
    this.kept.set(key, kept)
    return kept
  }

  private sweep(): void {
    const { maxKeys = usualMaxKeys, ttl = usualTtl } = this.lifetime
    const before = this.now - ttl
    const usedAt = ({ circuit, since }: Kept): number => Math.max(since, circuit.traffic.at)
    const idle = [...this.kept.values()].filter(({ circuit }) => Circuit.isIdle(circuit))
    for (const kept of idle) if (usedAt(kept) < before) this.kept.delete(kept.key)
    const surplus = this.kept.size - maxKeys + 1
    if (surplus < 1) return
    const spare = [...this.kept.values()]
      .filter(({ circuit }) => Circuit.isIdle(circuit) || Circuit.isSpent(circuit, before))
      .toSorted((left, right) => this.failing(left) - this.failing(right) || usedAt(left) - usedAt(right))
    for (const { key } of spare.slice(0, surplus)) this.kept.delete(key)
  }

  /** 1 for a closed key that remembers failures, else 0. */
  private failing({ circuit, policy }: Kept): number {
    return Number(circuit.state._tag === "Closed" && Circuit.score(policy, circuit, this.now) < 0.99)
  }

  private put(kept: Kept, after: Known): void {
    const { circuit, key, policy } = kept
    const transition = Circuit.transition(policy, circuit, after)
    kept.circuit = after
    if (transition !== undefined && this.kept.get(key) === kept) this.changes.push({ key, ...transition })
  }

  advance = async (millis: number) => {
    this.now += millis
  }

  stepWall = async () => undefined

  begin = async ({ attempt, byHand = false, call, inside, keys, timed = false }: Begin) => {
    const around = inside === undefined ? undefined : this.attempts.get(inside)
    const permits: Array<readonly [Kept, Circuit.Permit]> = []
    // To be asked is to be known.
    const asked = Array.from(new Set(keys), (key) => {
      const kept = this.ruled(key)
      const { permit } = lentFor(kept, around, this.now) ?? {}
      const [after, decision] = this.mover.admit(kept.policy, kept.circuit, this.now, permit)
      return { kept, after, decision }
    })
    for (const { decision, kept } of asked) {
      if (decision._tag === "Rejected") return rejectionOf(kept.key, decision, this.now)
      permits.push([kept, decision.permit])
    }
    for (const { after, kept } of asked) this.put(kept, after)
    for (const [kept, permit] of permits) {
      const lent = lentFor(kept, around, this.now)
      if (lent?.permit === permit) lent.by.lent.add(permit)
    }
    const isTimed = timed || keys.length > 1 || call !== undefined
    this.attempts.set(attempt, {
      permits,
      inside: around,
      lent: new Set(),
      isOver: false,
      startedAt: isTimed && !byHand ? this.now : undefined,
      timed,
      call: byHand || call === undefined ? undefined : `${call} ${keys.join(" + ")}`
    })
    return { _tag: "Admitted" } as const
  }

  end = async (attempt: string, end: End) => {
    const underWay = this.attempts.get(attempt)
    if (underWay === undefined) return
    const { call, lent, permits, startedAt, timed } = underWay
    underWay.isOver = true
    const traffics = permits.map(([{ circuit }]) => circuit.traffic)
    const outcome = end === "interrupt" && timed ? interrupted(traffics, startedAt, this.now) : outcomeOf(end)
    const failedBefore = call === undefined ? 0 : (this.failed.get(call) ?? 0)
    for (const [kept, permit] of permits) {
      if (lent.has(permit)) continue
      const settled = { permit, outcome, failedBefore, startedAt }
      this.put(kept, this.mover.settle(kept.policy, kept.circuit, settled, this.now))
    }
    // Who is interrupted remembers nothing.
    if (call !== undefined && outcome._tag === "Failure" && end !== "interrupt") this.failed.set(call, failedBefore + 1)
  }

  record = async (key: string, outcome: Outcome.Outcome) => {
    const kept = this.known(key)
    this.put(kept, Circuit.record(kept.policy, kept.circuit, outcome, this.now))
  }

  control: Session["control"] = async (key, to, reason) => {
    const kept = this.ruled(key)
    const { circuit, policy } = kept
    switch (to) {
      case "isolate":
        return this.put(kept, Circuit.isolate(circuit, reason, this.now))
      case "disable":
        return this.put(kept, Circuit.disable(circuit, reason, this.now))
      case "observe":
        return this.put(kept, Circuit.observe(circuit, reason, this.now))
      case "reset":
        return this.put(kept, Circuit.reset(policy, circuit, reason, this.now))
    }
  }

  view = async (key: string) => {
    if (!this.kept.has(key)) return Circuit.view(this.policy(key), this.pristine(key), this.now)
    const { circuit, policy } = this.ruled(key)
    return Circuit.view(policy, circuit, this.now)
  }

  snapshot = async () =>
    Object.fromEntries(
      Array.from(this.kept.keys(), (key) => {
        const { circuit, policy } = this.ruled(key)
        return [key, CircuitSnapshot.take(policy, circuit, this.now)]
      })
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
    for (const [key, circuit] of restored) this.add(key, circuit)
    return undefined
  }

  register = async (key: string, options: CircuitOptions): Promise<Fault | undefined> => {
    const wanted = this.rules(key, options).circuit
    const isFree = !this.own.has(key) && !this.kept.has(key)
    const difference = isFree ? undefined : CircuitPolicy.difference(this.policy(key), wanted)
    if (difference !== undefined) {
      const { field, left, right } = difference
      return { _tag: "PolicyConflict", key, field: Tables.nameOf(field), existing: left, requested: right }
    }
    if (isFree) this.own.set(key, options)
    return undefined
  }

  reload = async (policy: Policy): Promise<Fault | undefined> => {
    try {
      this.rules = rulesOf(policy)
      this.lifetime = policy
      return undefined
    } catch (error) {
      return faultOf(error)
    }
  }
}

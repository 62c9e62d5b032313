import type { Mass } from "./Outcome.ts"
import type { Volume } from "./Traffic.ts"
import { type HealthModel, epsilon } from "./Model.ts"

/**
 * The state of some model, which only that model can read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Opaque {
  /** The model it belongs to. */
  readonly model: object
  readonly name: string
  readonly observe: (mass: Mass, traffic: Volume, now: number) => Opaque
  readonly isUnmoved: (mass: Mass) => boolean
  readonly score: (now: number) => number
  readonly trips: (now: number) => boolean
  readonly resume: (suspicion: number, now: number) => Opaque
  readonly encode: (now: number) => unknown
}

/**
 * The same model with its state hidden, so that models chosen while a program runs have one type, and each can go on from the state
 * another one left.
 *
 * A state of the same model under other parameters is kept; of another model, the score is kept as near as the new one can show it
 * without tripping: what would have opened the circuit under the new rules opens it at the next failure, not at the change of rules.
 *
 * **Example** (A score outlives a change of rules)
 *
 * ```ts
 * import { Circuit, CircuitPolicy, HealthModel, Outcome } from "@truce/core"
 *
 * const lenient = CircuitPolicy.make(HealthModel.opaque(HealthModel.ledger({ minFailures: 10 })))
 * const strict = CircuitPolicy.make(HealthModel.opaque(HealthModel.consecutive({ failures: 5 })))
 *
 * const failed = { permit: { generation: 0, probe: 0, judged: true }, outcome: Outcome.failure(), failedBefore: 0 }
 * const two = Circuit.settle(lenient, Circuit.settle(lenient, Circuit.make(lenient, 42), failed, 0), failed, 0)
 * Circuit.score(strict, two, 0) // => 0.8
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const opaque = <S>(model: HealthModel<S>): HealthModel<Opaque> => {
  const init = new State(model, model.init)
  const own = (self: Opaque, now: number): Opaque => (self.model === model ? self : adopt(model, self, now))
  return {
    name: model.name,
    parameters: model.parameters,
    openBelow: model.openBelow,
    discount: model.discount,
    probation: model.probation,
    init,
    adopt: own,
    observe: (self, mass, traffic, now) => own(self, now).observe(mass, traffic, now),
    isLinear: model.isLinear,
    isUnmoved: (self, mass) => self.model === model && self.isUnmoved(mass),
    score: (self, now) => own(self, now).score(now),
    trips: (self, now) => own(self, now).trips(now),
    resume: (self, suspicion, now) => own(self, now).resume(suspicion, now),
    encode: (self, now) => own(self, now).encode(now),
    decode: (data, shift) => {
      const state = model.decode(data, shift)
      return state === undefined ? undefined : new State(model, state)
    }
  }
}

class State<S> implements Opaque {
  readonly model: HealthModel<S>
  private readonly state: S

  constructor(model: HealthModel<S>, state: S) {
    this.model = model
    this.state = state
  }

  get name(): string {
    return this.model.name
  }

  observe(mass: Mass, traffic: Volume, now: number): Opaque {
    const next = this.model.observe(this.state, mass, traffic, now)
    return next === this.state ? this : new State(this.model, next)
  }

  isUnmoved(mass: Mass): boolean {
    return this.model.isUnmoved?.(this.state, mass) === true
  }

  score(now: number): number {
    return this.model.score(this.state, now)
  }

  trips(now: number): boolean {
    return this.model.trips(this.state, now)
  }

  resume(suspicion: number, now: number): Opaque {
    return new State(this.model, this.model.resume(this.state, suspicion, now))
  }

  encode(now: number): unknown {
    return this.model.encode(this.state, now)
  }
}

const failed: Mass = { failure: 1, success: 0, raw: 1 }
const busy: Volume = { attempts: 1, failures: 1, at: 0 }

/** More failures than any score worth showing is made of. */
const mostSteps = 1_000

const adopt = <S>(model: HealthModel<S>, from: Opaque, now: number): Opaque => {
  if (from.name === model.name) {
    const kept = model.decode(from.encode(now), 0)
    if (kept !== undefined) return new State(model, kept)
  }
  const score = from.score(now)
  const fresh = model.resume(model.init, 0, now)
  if (score >= model.score(fresh, now) - epsilon) return new State(model, fresh)
  const resumed = model.resume(model.init, 1 - score, now)
  if (model.score(resumed, now) <= score + epsilon) return new State(model, resumed)
  // A model without a resumable score is told of failures until it shows one as low.
  let state = fresh
  for (let step = 0; step < mostSteps; step++) {
    const next = model.observe(state, failed, busy, now)
    const gap = model.score(state, now) - score
    const nextGap = model.score(next, now) - score
    if (model.trips(next, now) || nextGap >= gap || Math.abs(nextGap) > Math.abs(gap)) break
    state = next
  }
  return new State(model, state)
}

/**
 * What one outcome does to a circuit: it moves the score, and may open or close.
 *
 * @since 0.1.0
 */
import type { Circuit, Closed, HalfOpen, Move, Open, Settled } from "./CircuitState.ts"
import { type CircuitPolicy, openMillis } from "./CircuitPolicy.ts"
import { clamp01, epsilon } from "./HealthModel/Model.ts"
import { draw } from "./Jitter.ts"
import { type Mass, type Outcome, mass as massOf } from "./Outcome.ts"
import * as SlowStart from "./SlowStart.ts"
import * as Traffic from "./Traffic.ts"

const movesKept = 5

/**
 * The circuit after one outcome counted in its present generation; at most one transition.
 *
 * With `score-only` the score moves and nothing opens or closes.
 *
 * @category transitions
 * @since 0.1.0
 */
export const judge = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S>,
  outcome: Outcome,
  failedBefore: number,
  now: number,
  scope: "circuit" | "score-only" = self.mode._tag === "Disabled" ? "score-only" : "circuit"
): Circuit<S> => {
  if (outcome._tag === "Ignored") return self
  const mass = massOf(outcome, failedBefore, policy.model.discount, policy.slowWeight)
  const retryAfterMillis = outcome._tag === "Failure" ? (outcome.retryAfterMillis ?? 0) : 0
  const traffic = Traffic.note(self.traffic, mass.raw, now)
  switch (self.state._tag) {
    case "Open":
      return self
    case "Closed": {
      const health = policy.model.observe(self.health, mass, traffic, now)
      if (health === self.health) return { ...self, traffic }
      const before = policy.model.score(self.health, now)
      const after = policy.model.score(health, now)
      const next = { ...self, health, traffic, moves: moved(self.moves, outcome, mass, before, after, now) }
      return mass.failure > 0 && scope === "circuit" && policy.model.trips(health, now)
        ? opened(policy, next, self.state, after, retryAfterMillis, now)
        : next
    }
    case "HalfOpen": {
      const { n, rho } = policy.model.probation
      const before = 1 - self.state.suspicion
      const suspicion = clamp01(self.state.suspicion + (mass.failure - rho * mass.success) / n)
      const after = 1 - suspicion
      const moves = moved(self.moves, outcome, mass, before, after, now)
      const next = { ...self, state: { ...self.state, suspicion }, traffic, moves }
      if (scope === "score-only") return next
      if (mass.failure > 0 && reopens(policy, mass, before, after)) {
        return opened(policy, next, self.state, after, retryAfterMillis, now)
      }
      if (mass.success === 0 || after < policy.closeAt - epsilon) return next
      const generation = self.generation + 1
      const { openings, seed } = self
      return {
        ...next,
        state: {
          _tag: "Closed",
          since: now,
          ramp: SlowStart.begin(policy.slowStart, { openings, seed, generation }, now)
        },
        generation,
        health: policy.model.resume(self.health, suspicion, now)
      }
    }
  }
}

/**
 * The traffic after an attempt that `settle` would count and nothing else; `undefined` where more may change.
 *
 * For who keeps the traffic of a healthy circuit apart, as `traffic`, and does not make the circuit anew for each success.
 *
 * @category transitions
 * @since 0.1.0
 */
export const counted = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S>,
  settled: Settled,
  traffic: Traffic.Traffic,
  now: number
): Traffic.Traffic | undefined => {
  const { failedBefore, outcome, permit } = settled
  if (permit.generation !== self.generation || !permit.judged) return undefined
  if (self.state._tag !== "Closed" || outcome._tag === "Ignored") return undefined
  const { model, slowWeight } = policy
  const mass = massOf(outcome, failedBefore, model.discount, slowWeight)
  return model.isUnmoved?.(self.health, mass) === true ? Traffic.note(traffic, mass.raw, now) : undefined
}

// A score of 0 reopens by itself: the models that trip at 0 have none below it. A slow answer that raised the score does not.
const reopens = <S>(policy: CircuitPolicy<S>, mass: Mass, before: number, after: number): boolean =>
  (policy.reopenOn === "failure" && mass.raw >= 0.5) ||
  (after <= before && (after === 0 || after < policy.model.openBelow - epsilon))

/**
 * The circuit opened by evidence that left `score`; the open time grows with the openings in a row, and `retryAfterMillis` may lengthen it.
 *
 * @category transitions
 * @since 0.1.0
 */
export const opened = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S>,
  from: Closed | HalfOpen,
  score: number,
  retryAfterMillis: number,
  now: number
): Circuit<S> => {
  // Closed for as long as it was last open: the openings before are another story.
  const rested = from._tag === "Closed" && now - from.since >= self.openings.lastMillis
  const inARow = rested ? 1 : self.openings.inARow + 1
  const generation = self.generation + 1
  const base = openMillis(policy, inARow)
  const spread = base * (1 + policy.openJitter * (2 * draw(self.seed, generation) - 1))
  const lastMillis = Math.max(spread, Math.min(retryAfterMillis, policy.maxRetryAfterMillis))
  const state: Open = { _tag: "Open", since: now, until: now + lastMillis, score }
  // A failed probe goes on with the ramp that its trip has earned.
  const rampMillis =
    from._tag === "Closed" ? SlowStart.afterTrip(policy.slowStart, self.openings, from, now) : self.openings.rampMillis
  return { ...self, state, generation, openings: { inARow, lastMillis, rampMillis } }
}

const moved = (
  moves: ReadonlyArray<Move>,
  outcome: Exclude<Outcome, { _tag: "Ignored" }>,
  mass: Mass,
  before: number,
  after: number,
  at: number
): ReadonlyArray<Move> => {
  const kept = moves.slice(1 - movesKept)
  kept.push({ at, outcome: outcome._tag, weight: mass.failure, before, after })
  return kept
}

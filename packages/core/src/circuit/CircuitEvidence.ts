/**
 * What one outcome does to a circuit: it moves the score, and may open or close.
 *
 * @since 0.1.0
 */
import type { Circuit, Closed, HalfOpen, Move, Open, Settled } from "./CircuitState.ts"
import { type CircuitPolicy, openMillis } from "./CircuitPolicy.ts"
import { clamp01, epsilon } from "../health/Model.ts"
import { draw } from "./Jitter.ts"
import { type Ignored, type Mass, type Outcome, mass as massOf } from "../health/Outcome.ts"
import * as SlowStart from "./SlowStart.ts"
import * as Traffic from "../health/Traffic.ts"

const movesKept = 5

/** What an attempt, or somebody from outside, has to say. */
export type Evidence = Omit<Settled, "permit">

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
  evidence: Evidence,
  now: number,
  scope: "circuit" | "score-only" = self.mode._tag === "Disabled" ? "score-only" : "circuit"
): Circuit<S> => {
  const { failedBefore, outcome, startedAt } = evidence
  const { state } = self
  if (outcome._tag === "Ignored" || state._tag === "Open") return self
  const mass = massOf(outcome, failedBefore, policy.model.discount, policy.slowWeight)
  const traffic = noted(self.traffic, outcome, mass, startedAt, now)
  if (state._tag === "HalfOpen") return probed(policy, { ...self, state, traffic }, { outcome, mass }, now, scope)
  // It heals nothing and resets nothing: failures with answers between them are failures all the same.
  if (outcome._tag === "Answered") return { ...self, traffic }
  const health = policy.model.observe(self.health, mass, traffic, now)
  const opens = outcome._tag === "Failure" && outcome.opens
  if (health === self.health && !opens) return { ...self, traffic }
  const before = policy.model.score(self.health, now)
  const after = policy.model.score(health, now)
  const next = { ...self, health, traffic, moves: moved(self.moves, outcome, mass, { before, after, at: now }) }
  return scope === "circuit" && (opens || (mass.failure > 0 && policy.model.trips(health, now)))
    ? opened(policy, { ...next, state }, after, wishOf(outcome), now)
    : next
}

const probed = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S> & { readonly state: HalfOpen },
  { mass, outcome }: { readonly mass: Mass; readonly outcome: Exclude<Outcome, Ignored> },
  now: number,
  scope: "circuit" | "score-only"
): Circuit<S> => {
  const { n, rho } = policy.model.probation
  const before = 1 - self.state.suspicion
  const suspicion = clamp01(self.state.suspicion + (mass.failure - rho * mass.success) / n)
  const after = 1 - suspicion
  const moves = moved(self.moves, outcome, mass, { before, after, at: now })
  const next = { ...self, state: { ...self.state, suspicion }, moves }
  if (scope === "score-only") return next
  if (mass.raw > 0 && reopens(policy, outcome, mass, before, after)) {
    return opened(policy, next, after, wishOf(outcome), now)
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
  const { failedBefore, outcome, permit, startedAt } = settled
  if (permit.generation !== self.generation || !permit.judged) return undefined
  if (self.state._tag !== "Closed" || outcome._tag === "Ignored" || outcome._tag === "Failure") return undefined
  const { model, slowWeight } = policy
  const mass = massOf(outcome, failedBefore, model.discount, slowWeight)
  return outcome._tag === "Answered" || model.isUnmoved?.(self.health, mass) === true
    ? noted(traffic, outcome, mass, startedAt, now)
    : undefined
}

const noted = (
  traffic: Traffic.Traffic,
  outcome: Exclude<Outcome, Ignored>,
  { raw }: Mass,
  startedAt: number | undefined,
  now: number
): Traffic.Traffic => {
  switch (outcome._tag) {
    case "Success":
      return Traffic.succeeded(traffic, raw, startedAt, now)
    case "Answered":
      return Traffic.answered(traffic, startedAt, now)
    case "Failure":
      return Traffic.add(traffic, 1, raw, now)
  }
}

const wishOf = (outcome: Outcome): number => (outcome._tag === "Failure" ? (outcome.retryAfterMillis ?? 0) : 0)

// A score of 0 reopens by itself: the models that trip at 0 have none below it. Where one failed probe is enough, a slow success that
// raised the score is none; where the score decides, how it came to be so low does not matter.
const reopens = <S>(policy: CircuitPolicy<S>, outcome: Outcome, mass: Mass, before: number, after: number): boolean => {
  if (outcome._tag === "Failure" && outcome.opens) return true
  if (policy.reopenOn === "failure" && mass.raw >= 0.5) return true
  return (after <= before || policy.reopenOn === "score") && (after === 0 || after < policy.model.openBelow - epsilon)
}

/**
 * The circuit opened by evidence that left `score`; the open time grows with the openings in a row, and `retryAfterMillis` may lengthen it.
 *
 * @category transitions
 * @since 0.1.0
 */
export const opened = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S> & { readonly state: Closed | HalfOpen },
  score: number,
  retryAfterMillis: number,
  now: number
): Circuit<S> => {
  const from = self.state
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
  outcome: Exclude<Outcome, Ignored>,
  mass: Mass,
  { after, at, before }: Pick<Move, "before" | "after" | "at">
): ReadonlyArray<Move> => {
  const kept = moves.slice(1 - movesKept)
  kept.push({ at, outcome: outcome._tag, weight: mass.failure, before, after })
  return kept
}

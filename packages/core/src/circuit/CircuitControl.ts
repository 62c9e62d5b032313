/**
 * Manual control: each function starts a new generation, so that attempts on their way settle nothing, and keeps the operator's reason.
 *
 * @since 0.1.0
 */
import type { CircuitPolicy } from "./CircuitPolicy.ts"
import type { Circuit, Mode } from "./CircuitState.ts"
import { plain } from "./Printable.ts"

/**
 * Forces the circuit open until another manual change.
 *
 * @category manual control
 * @since 0.1.0
 */
export const isolate = <S>(self: Circuit<S>, reason: string, now: number): Circuit<S> =>
  switched(self, "Isolated", reason, now)

/**
 * Forces the circuit closed until another manual change; the score goes on.
 *
 * @category manual control
 * @since 0.1.0
 */
export const disable = <S>(self: Circuit<S>, reason: string, now: number): Circuit<S> => ({
  ...switched(self, "Disabled", reason, now),
  state:
    self.state._tag === "Closed" && self.state.ramp === undefined
      ? self.state
      : { _tag: "Closed", since: now, ramp: undefined }
})

/**
 * Lets the rules decide and report, and rejects nothing, until another manual change.
 *
 * @category manual control
 * @since 0.1.0
 */
export const observe = <S>(self: Circuit<S>, reason: string, now: number): Circuit<S> =>
  switched(self, "Observing", reason, now)

/**
 * Gives the circuit back to the rules: closed, with a score of 1 and no memory of openings. The traffic is kept.
 *
 * @category manual control
 * @since 0.1.0
 */
export const reset = <S>(policy: CircuitPolicy<S>, self: Circuit<S>, reason: string, now: number): Circuit<S> => ({
  ...switched(self, "Automatic", reason, now),
  state: { _tag: "Closed", since: now, ramp: undefined },
  openings: { inARow: 0, lastMillis: 0, rampMillis: 0 },
  health: policy.model.resume(self.health, 0, now)
})

// Probes on their way are of an old generation now and give no lease back.
const switched = <S>(self: Circuit<S>, mode: Mode["_tag"], reason: string, now: number): Circuit<S> => ({
  ...self,
  // It stands in lines of logs and terminals, and is no reason to write others.
  mode: { _tag: mode, reason: plain(reason), since: now },
  state: self.state._tag === "HalfOpen" ? { ...self.state, leases: [] } : self.state,
  generation: self.generation + 1
})

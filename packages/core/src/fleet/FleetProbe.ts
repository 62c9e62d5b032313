/**
 * What a process does about probes of the fleet where the store gives it no lease, or has lost those it gave.
 *
 * @since 0.1.0
 */
import { admit } from "../circuit/Circuit.ts"
import type { CircuitPolicy } from "../circuit/CircuitPolicy.ts"
import type { Circuit, Decision, HalfOpen, Open, Permit, State } from "../circuit/CircuitState.ts"
import { heldLeases } from "../circuit/CircuitView.ts"

/**
 * Asks for an attempt where a probe would need a lease of the store and there is none: the circuit admits no probe before `until`, and
 * its decision says so.
 *
 * **Example** (Nobody has given a lease)
 *
 * ```ts
 * import { Circuit, CircuitPolicy, Fleet, HealthModel, Outcome } from "@truce/core"
 *
 * const policy = CircuitPolicy.make(HealthModel.consecutive({ failures: 1 }))
 * const open = Circuit.record(policy, Circuit.make(policy, 7), Outcome.failure(), 0)
 *
 * const [, decision] = Fleet.barred(policy, open, 60_000, 60_250)
 * decision._tag === "Rejected" ? decision.until : "admitted" // => 60250
 * ```
 *
 * @category transitions
 * @since 0.1.0
 */
export const barred = <S>(
  policy: CircuitPolicy<S>,
  self: Circuit<S>,
  now: number,
  until: number
): readonly [Circuit<S>, Decision] => {
  const asked = admit(policy, self, now)
  const { state } = self
  if (asked[0] === self || state._tag === "Closed") return asked
  return admit(policy, { ...self, state: withoutPermits(policy, state, now, until) }, now)
}

const withoutPermits = <S>(policy: CircuitPolicy<S>, state: Open | HalfOpen, now: number, until: number): State => {
  if (state._tag === "Open") return { ...state, until }
  const held = heldLeases(state, now)
  // No probe has this number.
  const taken = Array.from({ length: policy.permits - held.length }, () => ({ probe: 0, until }))
  return { ...state, leases: [...held, ...taken] }
}

/**
 * A circuit that followed what the store has lost: of the leases only those of its own probes are left, for nobody will say when the
 * others end.
 *
 * @category transitions
 * @since 0.1.0
 */
export const orphaned = <S>(self: Circuit<S>, own: ReadonlyArray<Permit>): Circuit<S> => {
  const { generation, state } = self
  if (state._tag !== "HalfOpen") return self
  const leases = state.leases.filter(({ probe }) =>
    own.some((permit) => permit.generation === generation && permit.probe === probe)
  )
  return leases.length === state.leases.length ? self : { ...self, state: { ...state, leases } }
}

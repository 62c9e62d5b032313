/**
 * How a process's own circuit follows the fleet's, and what it must remember for that.
 *
 * @since 0.1.0
 */
import type { CircuitPolicy } from "../circuit/CircuitPolicy.ts"
import type { Circuit, HalfOpen, Open, Permit, State } from "../circuit/CircuitState.ts"
import type { Shared } from "./FleetShared.ts"
import * as SlowStart from "../circuit/SlowStart.ts"

/**
 * What a process remembers of the shared circuit of one key.
 *
 * `shared` is the generation last read, `undefined` where none was: the generation of the next batch. `local` is the generation of the
 * own circuit that was made by following `shared`, `undefined` where none was.
 *
 * @category models
 * @since 0.1.0
 */
export interface Link {
  readonly shared: number | undefined
  readonly local: number | undefined
}

/**
 * Nothing read yet.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unlinked: Link = { shared: undefined, local: undefined }

/**
 * Whether the own circuit is what the fleet says: Open or HalfOpen because the shared one is, and its probes need a lease.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isFollowing = <S>(local: Circuit<S>, link: Link): boolean => link.local === local.generation

/**
 * The own circuit and its link on learning of the shared one, `undefined` where the store has none. Both are the same references where
 * nothing changed.
 *
 * `offset` is the own clock minus the store's, in ms, taken when the answer arrived, so that no time it gives is too early.
 *
 * | shared | the own circuit |
 * |---|---|
 * | Open, HalfOpen | the same state under a generation of its own; its own open time if that is longer |
 * | Closed, and it followed | Closed with the shared score |
 * | Closed, and it did not | as it is: open for itself alone, if it is open |
 * | none | as it is; what it followed is its own from now on |
 *
 * An isolated or disabled circuit stays as it is. So does one that was closed by hand or by its own probes while it followed, until the
 * shared circuit changes.
 *
 * @category transitions
 * @since 0.1.0
 */
export const follow = <S>(
  policy: CircuitPolicy<S>,
  local: Circuit<S>,
  link: Link,
  shared: Shared<S> | undefined,
  offset: number
): readonly [Circuit<S>, Link] => {
  if (shared === undefined) return [local, linked(link, undefined, undefined)]
  const { generation, state } = shared.circuit
  if (local.mode._tag === "Isolated" || local.mode._tag === "Disabled") {
    return [local, linked(link, generation, undefined)]
  }
  const following = isFollowing(local, link)
  if (state._tag === "Closed") {
    return [following ? closed(policy, local, shared, offset) : local, linked(link, generation, undefined)]
  }
  if (link.shared === generation && link.local !== undefined) {
    if (following) return [refreshed(local, shifted(state, offset)), link]
    if (local.state._tag === "Closed") return [local, link]
  }
  const next: Circuit<S> = {
    ...local,
    state: patient(shifted(state, offset), local.state),
    generation: local.generation + 1,
    openings: shared.circuit.openings
  }
  return [next, linked(link, generation, next.generation)]
}

/**
 * The permit by which the own circuit knows a probe that the store gave a lease; `undefined` unless it follows that generation.
 *
 * It settles the probe by the local rules where the store cannot be told.
 *
 * @category getters
 * @since 0.1.0
 */
export const localPermit = <S>(local: Circuit<S>, link: Link, permit: Permit): Permit | undefined =>
  isFollowing(local, link) && link.shared === permit.generation
    ? { ...permit, generation: local.generation }
    : undefined

const linked = (link: Link, shared: number | undefined, local: number | undefined): Link =>
  link.shared === shared && link.local === local ? link : { shared, local }

const shifted = (state: Open | HalfOpen, offset: number): Open | HalfOpen =>
  state._tag === "Open"
    ? { ...state, since: state.since + offset, until: state.until + offset }
    : {
        ...state,
        since: state.since + offset,
        leases: state.leases.map(({ probe, until }) => ({ probe, until: until + offset }))
      }

// Two answers give offsets that differ by the way they took: what is already known to be open keeps the later end.
const patient = (next: Open | HalfOpen, own: State): Open | HalfOpen =>
  next._tag === "Open" && own._tag === "Open" && own.until > next.until ? { ...next, until: own.until } : next

const refreshed = <S>(local: Circuit<S>, next: Open | HalfOpen): Circuit<S> => {
  if (local.state._tag !== "HalfOpen" || next._tag !== "HalfOpen") return local
  const { leases, nextProbe, suspicion } = local.state
  const isKnown =
    nextProbe === next.nextProbe &&
    suspicion === next.suspicion &&
    leases.length === next.leases.length &&
    leases.every(({ probe }, index) => probe === next.leases[index]?.probe)
  return isKnown ? local : { ...local, state: next }
}

const closed = <S>(policy: CircuitPolicy<S>, local: Circuit<S>, { circuit }: Shared<S>, offset: number): Circuit<S> => {
  const { model, slowStart } = policy
  const asOf = Math.max(circuit.state.since, circuit.traffic.at)
  const generation = local.generation + 1
  const { openings, state } = circuit
  const since = state.since + offset
  const ramp =
    state._tag !== "Closed" || state.ramp === undefined
      ? undefined
      : SlowStart.begin(slowStart, { openings, seed: local.seed, generation }, since)
  return {
    ...local,
    state: { _tag: "Closed", since, ramp },
    generation,
    openings,
    health: model.decode(model.encode(circuit.health, asOf), offset) ?? local.health
  }
}

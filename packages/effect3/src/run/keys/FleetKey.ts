import type { Circuit } from "@truce/core"
import type * as Effect from "effect/Effect"
import type { Known } from "./Entry.ts"
import type { Policy } from "../settings/Policies.ts"

/** An entry as seen by who shares its key with other processes. */
export interface Shareable {
  readonly key: string
  /** The rules of its breaker; `undefined` for a score that no circuit is built on. */
  readonly rules: Policy | undefined
  /** Changes the circuit in one step. */
  readonly step: <A>(f: (circuit: Known) => readonly [A, Known]) => Effect.Effect<A>
  /** The decision by this process alone. */
  readonly admitAlone: (now: number) => Effect.Effect<Circuit.Decision>
  readonly settleAlone: (settled: Circuit.Settled, now: number) => Effect.Effect<void>
}

/** The part of an entry that the processes of a fleet share. */
export interface FleetKey {
  /** Whether the circuit is what the fleet says, so that its probes need the fleet's leave. */
  readonly isLed: (circuit: Known) => boolean
  readonly admit: (now: number) => Effect.Effect<Circuit.Decision>
  /** Takes what is evidence; the effect that settles a probe with the fleet, `undefined` for any other attempt. */
  readonly settle: (circuit: Known, settled: Circuit.Settled, now: number) => Effect.Effect<void> | undefined
  /** The entry is no longer that of the key. */
  readonly leave: () => void
}

/** Makes the part that the processes of a fleet share of an entry. */
export type Join = (entry: Shareable) => FleetKey

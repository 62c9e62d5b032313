/** Every flaw of the seeds, in the order they are told. */
import type { Flaw } from "./Flaw.ts"
import * as callback from "./flaws/callback.ts"
import * as fused from "./flaws/fused.ts"
import * as score from "./flaws/score.ts"

export type { Finding, Flaw } from "./Flaw.ts"

export const all: ReadonlyArray<Flaw> = [
  fused.fifteenForFive,
  fused.unboundedProbes,
  fused.staleFailures,
  fused.vacuousAbort,
  fused.burntAttempts,
  callback.erasedFailures,
  callback.selfTrip,
  callback.bothWays,
  callback.lateWitness,
  score.loneCallOpens,
  score.rescuedCallsOpen,
  score.falseTrips
]

export const find = (name: string): Flaw | undefined => all.find((flaw) => flaw.name === name)

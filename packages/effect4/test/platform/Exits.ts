import { Cause, Exit } from "effect"

type Reason = "Fail" | "Die" | "Interrupt"

const all = <A, E>(exit: Exit.Exit<A, E>): ReadonlyArray<Cause.Reason<E>> =>
  Exit.isFailure(exit) ? exit.cause.reasons : []

/** All that an effect died of. */
export const defectsOf = <A, E>(exit: Exit.Exit<A, E>): ReadonlyArray<unknown> =>
  all(exit)
    .filter(Cause.isDieReason)
    .map(({ defect }) => defect)

/** What an effect died of first. */
export const defectOf = <A, E>(exit: Exit.Exit<A, E>): unknown => defectsOf(exit)[0]

/** The kinds of what an effect failed of. */
export const reasonsOf = <A, E>(exit: Exit.Exit<A, E>): ReadonlyArray<Reason> => all(exit).map(({ _tag }) => _tag)

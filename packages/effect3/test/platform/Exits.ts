import { Cause, Chunk, Exit, Option } from "effect"

type Reason = "Fail" | "Die" | "Interrupt"

const causeOf = <A, E>(exit: Exit.Exit<A, E>): Cause.Cause<E> => (Exit.isFailure(exit) ? exit.cause : Cause.empty)

/** All that an effect died of. */
export const defectsOf = <A, E>(exit: Exit.Exit<A, E>): ReadonlyArray<unknown> =>
  Chunk.toReadonlyArray(Cause.defects(causeOf(exit)))

/** What an effect died of first. */
export const defectOf = <A, E>(exit: Exit.Exit<A, E>): unknown => defectsOf(exit)[0]

/** The kinds of what an effect failed of. */
export const reasonsOf = <A, E>(exit: Exit.Exit<A, E>): ReadonlyArray<Reason> =>
  Cause.reduce<ReadonlyArray<Reason>, E>(causeOf(exit), [], (reasons, cause) =>
    cause._tag === "Fail" || cause._tag === "Die" || cause._tag === "Interrupt"
      ? Option.some([...reasons, cause._tag])
      : Option.none()
  )

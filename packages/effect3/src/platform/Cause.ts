import * as Cause from "effect/Cause"

/** The cause with the failures that are to stay; the others become defects, and are not lost. */
export const failingBy = <E, E2 extends E>(cause: Cause.Cause<E>, stays: (error: E) => error is E2): Cause.Cause<E2> =>
  Cause.flatMap(cause, (error) => (stays(error) ? Cause.fail(error) : Cause.die(error)))

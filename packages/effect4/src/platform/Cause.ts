import * as Cause from "effect/Cause"

/** The cause with the failures that are to stay; the others become defects, and are not lost. Annotations, such as where it failed, stay. */
export const failingBy = <E, E2 extends E>(cause: Cause.Cause<E>, stays: (error: E) => error is E2): Cause.Cause<E2> =>
  Cause.fromReasons(
    cause.reasons.map((reason): Cause.Reason<E2> => {
      if (!Cause.isFailReason(reason)) return reason
      const { error } = reason
      const read: Cause.Reason<E2> = stays(error) ? Cause.makeFailReason(error) : Cause.makeDieReason(error)
      return read.annotate(Cause.reasonAnnotations(reason))
    })
  )

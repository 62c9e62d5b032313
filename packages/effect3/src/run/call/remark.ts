import * as Effect from "effect/Effect"

// A classifier is pure and cannot log: what it has to remark waits here for the attempt it is of, which can.
let waiting: string | undefined

/** Remarks something about the program's own code, once. */
export const remark = (text: string): void => {
  waiting = text
}

/** Logs what was remarked meanwhile; `undefined` for nothing. */
export const remarked = (): Effect.Effect<void> | undefined => {
  if (waiting === undefined) return undefined
  const text = waiting
  waiting = undefined
  return Effect.logWarning(text)
}

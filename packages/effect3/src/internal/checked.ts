import { InvalidOption } from "@truce/core"
import * as Effect from "effect/Effect"
import { InvalidPolicy } from "../InvalidPolicy.ts"

/** What options throw when a layer is built, as an error where a program runs already. */
export const checked = <A>(build: () => A): Effect.Effect<A, InvalidPolicy> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(build())
    } catch (error) {
      if (!(error instanceof InvalidOption.InvalidOption)) return Effect.die(error)
      const { field, message, owner } = error
      const rule = message.slice(`${owner}: ${field} `.length)
      return Effect.fail(new InvalidPolicy({ issues: [{ path: field, rule }] }))
    }
  })

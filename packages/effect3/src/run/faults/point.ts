import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Injection } from "./rule.ts"

/**
 * One fault, as told to who makes its error: the `execution`-th under a rule at `key`, from 0.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fault {
  readonly key: string
  readonly execution: number
}

/**
 * The defect of an execution that was made to die.
 *
 * @category errors
 * @since 0.1.0
 */
export class InjectedDefect extends Data.TaggedError("InjectedDefect")<Fault> {
  override get message(): string {
    return `a defect was injected at ${this.key}, execution ${this.execution}`
  }
}

/** What becomes of one execution of an effect. */
export const injected = <A, E, R, F>(
  self: Effect.Effect<A, E, R>,
  next: Injection & Fault,
  error: (fault: Fault) => F
): Effect.Effect<A, E | F, R> => {
  const { delayMillis, lost } = next
  const fault = faultOf(next, error)
  const body: Effect.Effect<A, E | F, R> =
    fault === undefined ? self : lost === "request" ? fault : Effect.zipRight(Effect.exit(self), fault)
  return delayMillis > 0 ? Effect.delay(body, Duration.millis(delayMillis)) : body
}

const faultOf = <F>(
  { execution, fault, key }: Injection & Fault,
  error: (fault: Fault) => F
): Effect.Effect<never, F> | undefined => {
  switch (fault) {
    case "none":
      return undefined
    case "error":
      return Effect.failSync(() => error({ key, execution }))
    case "defect":
      return Effect.die(new InjectedDefect({ key, execution }))
    case "hang":
      return Effect.never
  }
}

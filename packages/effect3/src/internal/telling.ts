import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { isCircuitOpen } from "../CircuitOpen.ts"
import type { Called } from "../EventLog.ts"
import { isRetryExhausted } from "../RetryExhausted.ts"
import type { Log } from "./Log.ts"
import * as Monotonic from "./monotonic.ts"

/** The attempts of a call that is told of. */
export interface Tally {
  attempts: number
}

/** Tells how a call ended. */
export const told = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  call: { readonly log: Log; readonly key: string; readonly startedAt: number; readonly tally: Tally }
): Effect.Effect<A, E, R> =>
  Effect.onExit(self, (exit) =>
    Effect.map(Monotonic.now, (at) => {
      const { key, log, startedAt, tally } = call
      log.tell({ _tag: "Called", key, at, startedAt, attempts: tally.attempts, ...ended(exit) })
    })
  )

const ended = (exit: Exit.Exit<unknown, unknown>): Pick<typeof Called.Type, "result" | "reason"> => {
  if (Exit.isSuccess(exit)) return { result: "success" }
  const { cause } = exit
  if (Option.isSome(Cause.dieOption(cause))) return { result: "defect" }
  const error = Option.getOrUndefined(Cause.failureOption(cause))
  if (isRetryExhausted(error)) return { result: "exhausted", reason: error.reason }
  if (isCircuitOpen(error)) return { result: "rejected" }
  return { result: Cause.isInterruptedOnly(cause) ? "interrupted" : "permanent" }
}

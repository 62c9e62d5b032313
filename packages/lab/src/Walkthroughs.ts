/** The flaws of the seeds' catalogue that are shown step by step, in its order. */
import type { Walkthrough } from "./Walkthrough.ts"
import * as calls from "./walkthroughs/calls.ts"
import * as state from "./walkthroughs/state.ts"
import * as time from "./walkthroughs/time.ts"

export type { Shown, Walkthrough } from "./Walkthrough.ts"

export const all: ReadonlyArray<Walkthrough> = [
  state.unguardedState,
  calls.shadowedArguments,
  state.accidentalReopening,
  calls.unclassifiedErrors,
  time.blockingSleep,
  calls.swallowedErrors,
  time.wallClock
]

export const find = (name: string): Walkthrough | undefined => all.find((one) => one.name === name)

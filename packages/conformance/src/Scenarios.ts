/** All scenarios. */
import type { Calls, Steps } from "./Scenario.ts"
import { answers } from "./scenarios/answers.ts"
import { budgets } from "./scenarios/budgets.ts"
import { calls as whole } from "./scenarios/calls.ts"
import { circuit } from "./scenarios/circuit.ts"
import { interruptions } from "./scenarios/interruptions.ts"
import { keys } from "./scenarios/keys.ts"
import { lifetimes } from "./scenarios/lifetimes.ts"
import { nesting } from "./scenarios/nesting.ts"
import { reloads } from "./scenarios/reloads.ts"
import { several } from "./scenarios/several.ts"
import { vectorCalls, vectors } from "./scenarios/vectors.ts"

/** Attempt by attempt. */
export const steps: ReadonlyArray<Steps> = [
  ...vectors,
  ...circuit,
  ...answers,
  ...nesting,
  ...interruptions,
  ...several,
  ...keys,
  ...lifetimes,
  ...reloads
]

/** Call by call. */
export const calls: ReadonlyArray<Calls> = [...vectorCalls, ...whole, ...budgets]

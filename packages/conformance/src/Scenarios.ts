/** All scenarios. */
import type { Calls, Steps } from "./Scenario.ts"
import { budgets } from "./scenarios/budgets.ts"
import { calls as whole } from "./scenarios/calls.ts"
import { circuit } from "./scenarios/circuit.ts"
import { keys } from "./scenarios/keys.ts"
import { vectorCalls, vectors } from "./scenarios/vectors.ts"

/** Attempt by attempt. */
export const steps: ReadonlyArray<Steps> = [...vectors, ...circuit, ...keys]

/** Call by call. */
export const calls: ReadonlyArray<Calls> = [...vectorCalls, ...whole, ...budgets]

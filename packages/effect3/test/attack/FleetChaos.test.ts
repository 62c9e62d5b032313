import { FleetPlan } from "@truce/conformance"
import { Effect } from "effect"
import fc from "fast-check"
import { expect, it } from "vitest"
import { seed } from "../support.ts"
import { chaos } from "./fleetChaos.ts"

it("a fleet of three keeps its promises, whatever becomes of its store and its callers", () =>
  fc.assert(
    fc.asyncProperty(FleetPlan.arbitrary, async (plan) => {
      expect(await Effect.runPromise(chaos(plan))).toEqual([])
    }),
    { seed, numRuns: 150 }
  ))

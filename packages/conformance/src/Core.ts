/** The pure core as a subject. */
import * as CoreCalls from "./CoreCalls.ts"
import * as CoreSession from "./CoreSession.ts"
import type { Subject } from "./Subject.ts"

export const core: Subject = {
  name: "the core",
  session: async (policy, use) => use(CoreSession.make(policy)),
  calls: async (plan) => CoreCalls.run(plan),
  lacks: []
}

import { InvalidOption } from "@truce/core"
import * as Effect from "effect/Effect"
import { InvalidPolicy } from "../../InvalidPolicy.ts"
import type { Issue } from "./Issue.ts"
import { issueOf } from "./issues.ts"

/** What options throw when a layer is built, as an error where a program runs already; with the paths that `locate` finds. */
export const checked = <A>(
  build: () => A,
  locate: () => ReadonlyArray<Issue> = () => []
): Effect.Effect<A, InvalidPolicy> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(build())
    } catch (error) {
      if (!(error instanceof InvalidOption.InvalidOption)) return Effect.die(error)
      const [first = issueOf(error), ...rest] = locate()
      return Effect.fail(new InvalidPolicy({ issues: [named(first), ...rest.map(named)] }))
    }
  })

const named = ({ path, rule }: Issue) => ({ path: path.join("."), rule })

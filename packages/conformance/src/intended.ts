/** In what the exports of the two bindings differ on purpose. A line that is no longer true fails the check, as does one that is missing. */
import type { Intended } from "./Exports.ts"

export const intended: ReadonlyArray<Intended> = [
  {
    difference: "BuiltinBreaker: only in effect4",
    reason: "It provides Effect's own CircuitBreaker service, which Effect 3 does not have."
  },
  {
    difference: "Dependency.Service: only in effect4",
    reason: "The class of a service of one's own is made by `Context.Service` in Effect 4."
  },
  { difference: "Dependency.Tag: only in effect3", reason: "It is made by `Context.Tag` in Effect 3." },
  {
    difference: "Redis.layerClient: only in effect4",
    reason: "The client is a service of Effect 4, whose layers wait for Redis or fail; `ioredis` does neither."
  },
  { difference: "RetryPolicy.makeUnsafe: only in effect4", reason: "Effect 4 says last what is unsafe." },
  { difference: "RetryPolicy.unsafeMake: only in effect3", reason: "Effect 3 says first what is unsafe." }
]

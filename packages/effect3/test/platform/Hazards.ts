import { STM } from "effect"

/**
 * A transaction that may wait before it, be abandoned for another, fail or die after it; never two of them, as Effect 3.22 keeps what a
 * transaction wrote that failed after it had waited.
 */
export const hazardous = <A, R>(
  self: STM.STM<A, never, R>,
  waiting: STM.STM<void>,
  next: () => number
): STM.STM<A, string, R> => {
  const waits = next() < 0.5
  const before = waits ? waiting : STM.void
  const kind = next()
  const after = waits || kind > 0.6 ? STM.void : kind < 0.3 ? STM.fail("no") : STM.die("broken")
  const retried = kind > 0.9 ? STM.zipLeft(self, STM.retry) : STM.retry
  // An alternative that never comes about leaves nothing behind either.
  return STM.orElse(retried, () => STM.zipRight(before, STM.zipLeft(self, after)))
}

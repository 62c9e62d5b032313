/** cockatiel: one policy for each key, kept in a map. */
import {
  ConsecutiveBreaker,
  CountBreaker,
  type IBreaker,
  SamplingBreaker,
  TimeoutStrategy,
  circuitBreaker,
  handleAll,
  retry,
  timeout,
  wrap
} from "cockatiel"
import { Array } from "effect"
import { type Case, type Cases, inTurn, keysOf } from "../Case.ts"
import { type Call, fails, fiberCase, ok, refused, sequence, settled, succeeds } from "./LoopAsync.ts"

const hour = 3_600_000

export const breaker = (breaker: IBreaker = new ConsecutiveBreaker(5), halfOpenAfter = hour) =>
  circuitBreaker(handleAll, { halfOpenAfter, breaker })

const healthy = (call: Call): Case => ({ run: sequence(() => call), bare: succeeds })

const failing = (self: ReturnType<typeof breaker>): Case => {
  const call = settled(() => self.execute(refused))
  return { run: sequence(() => call), bare: fails }
}

const closed = (): Case => {
  const self = breaker()
  return healthy(() => self.execute(ok))
}

const timed = (): Case => {
  const self = wrap(breaker(), timeout(10_000, TimeoutStrategy.Aggressive))
  return healthy(() => self.execute(ok))
}

const rejected = async (): Promise<Case> => {
  const made = failing(breaker(new ConsecutiveBreaker(1)))
  await made.run(1)
  return made
}

const protect = (): Case => {
  const self = wrap(retry(handleAll, { maxAttempts: 2 }), breaker())
  return healthy(() => self.execute(ok))
}

const rotated = (count: number): Case => {
  const policies = new Map(keysOf(count).map((key) => [key, breaker()]))
  const calls = inTurn(Array.map(keysOf(count), (key) => () => policies.get(key)?.execute(ok) ?? ok()))
  const bares = inTurn(Array.map(keysOf(count), () => async () => 1))
  return { run: sequence(calls), batch: count, bare: sequence(bares) }
}

const unseen = (): Case => {
  const policies = new Map<string, ReturnType<typeof breaker>>()
  return healthy(() => {
    const self = breaker()
    policies.set(`new-${policies.size}`, self)
    return self.execute(ok)
  })
}

const fibers = (count: number): Case => {
  const self = breaker()
  return fiberCase(count, (call) => () => self.execute(call))
}

/** The window is full before it is measured. */
const windowed = async (window: IBreaker, size: number): Promise<Case> => {
  const self = breaker(window)
  const made = healthy(() => self.execute(ok))
  await made.run(size)
  return made
}

const counted = (size: number) => windowed(new CountBreaker({ threshold: 0.5, size }), size)
const sampled = (duration: number) => windowed(new SamplingBreaker({ threshold: 0.5, duration }), 1)

export const cases: Cases = {
  closed,
  "closed-timed": timed,
  "keys-10k": () => rotated(10_000),
  failing: () => failing(breaker(new ConsecutiveBreaker(1e9))),
  rejected,
  probe: () => failing(breaker(new ConsecutiveBreaker(1), 0)),
  protect,
  "fibers-1": () => fibers(1),
  "fibers-100": () => fibers(100),
  "fibers-10k": () => fibers(10_000),
  "keys-100k": () => rotated(100_000),
  "new-key": unseen,
  "count-100": () => counted(100),
  "count-10k": () => counted(10_000),
  "count-100k": () => counted(100_000),
  "time-10s": () => sampled(10_000),
  "time-1h": () => sampled(hour)
}

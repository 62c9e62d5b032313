/** opossum, without its timeout unless that is what is measured: one circuit for each function, no keys. */
import CircuitBreaker from "opossum"
import type { Case, Cases } from "../Case.ts"
import { type Call, fails, fiberCase, ok, refused, sequence, settled, succeeds } from "./LoopAsync.ts"

const breaker = (call: Call, timeout: number | false = false) =>
  new CircuitBreaker(call, { timeout, errorThresholdPercentage: 100, resetTimeout: 3_600_000 })

const firing = (call: Call, timeout?: number): Call => {
  const self = breaker(call, timeout)
  return () => self.fire()
}

const closed = (timeout?: number): Case => {
  const call = firing(ok, timeout)
  return { run: sequence(() => call), bare: succeeds }
}

const failing = (): Case => {
  const call = settled(firing(refused))
  return { run: sequence(() => call), bare: fails }
}

const rejected = (): Case => {
  const self = breaker(refused)
  self.open()
  const call = settled(() => self.fire())
  return { run: sequence(() => call), bare: fails }
}

export const cases: Cases = {
  closed: () => closed(),
  // What it does unless told otherwise.
  "closed-timed": () => closed(10_000),
  failing,
  rejected,
  "fibers-1": () => fiberCase(1, (call) => firing(call)),
  "fibers-100": () => fiberCase(100, (call) => firing(call)),
  "fibers-10k": () => fiberCase(10_000, (call) => firing(call))
}

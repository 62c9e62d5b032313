/** The breaker that Effect 4.1 ships, with its store in memory. */
import * as Effect from "effect4/Effect"
import * as Layer from "effect4/Layer"
import * as ManagedRuntime from "effect4/ManagedRuntime"
import * as Schedule from "effect4/Schedule"
import * as CircuitBreaker from "effect4/persistence/CircuitBreaker"
import { type Case, type Cases, inTurn, keysOf } from "../Case.ts"
import { fiberCase, sequence } from "./Loop4.ts"

type Breaker = CircuitBreaker.CircuitBreaker

export const breaker = (
  tripPolicy: CircuitBreaker.TripPolicy,
  openDuration: "0 millis" | "1 hour" = "1 hour"
): Promise<Breaker> =>
  ManagedRuntime.make(
    Layer.provide(CircuitBreaker.layer({ tripPolicy, openDuration }), CircuitBreaker.layerStoreMemory())
  ).runPromise(Effect.service(CircuitBreaker.CircuitBreaker))

const { consecutive, rate } = CircuitBreaker
const key = "users-api"
const ok = Effect.sync(() => 1)
const refused = Effect.fail("refused")

const succeeds = sequence(() => ok)
const failure = Effect.exit(refused)
const fails = sequence(() => failure)

const execute = (self: Breaker, key: string) => self.execute(ok, { key })

const retried = (self: Breaker) => Effect.retry(self.execute(ok, { key }), Schedule.recurs(2))

const healthy = async (use: (self: Breaker) => () => Effect.Effect<unknown, unknown>): Promise<Case> => ({
  run: sequence(use(await breaker(consecutive(5)))),
  bare: succeeds
})

const prebuilt = (build: (self: Breaker) => Effect.Effect<unknown, unknown>): Promise<Case> =>
  healthy((self) => {
    const call = build(self)
    return () => call
  })

const failing = async (self: Promise<Breaker>): Promise<Case> => {
  const call = Effect.exit((await self).execute(refused, { key }))
  return { run: sequence(() => call), bare: fails }
}

const rejected = async (): Promise<Case> => {
  const made = await failing(breaker(consecutive(1)))
  await made.run(1)
  return made
}

const rotated = async (count: number): Promise<Case> => {
  const self = await breaker(consecutive(5))
  const next = inTurn(keysOf(count))
  return { run: sequence(() => execute(self, next())), batch: count, bare: succeeds }
}

const fibers = async (count: number): Promise<Case> => {
  const self = await breaker(consecutive(5))
  return fiberCase(count, (call) => self.execute(call, { key }))
}

/** The window is full before it is measured. */
const counted = async (size: number): Promise<Case> => {
  const call = execute(await breaker(rate({ size })), key)
  const run = sequence(() => call)
  await run(size)
  return { run, bare: succeeds }
}

export const cases: Cases = {
  closed: () => prebuilt((self) => execute(self, key)),
  "closed-timed": () => prebuilt((self) => self.execute(Effect.timeout(ok, "10 seconds"), { key })),
  "closed-built": () => healthy((self) => () => execute(self, key)),
  "keys-10k": () => rotated(10_000),
  failing: () => failing(breaker(consecutive(1e9))),
  rejected,
  probe: () => failing(breaker(consecutive(1), "0 millis")),
  protect: () => prebuilt(retried),
  "protect-built": () => healthy((self) => () => retried(self)),
  "fibers-1": () => fibers(1),
  "fibers-100": () => fibers(100),
  "fibers-10k": () => fibers(10_000),
  "keys-100k": () => rotated(100_000),
  "new-key": () => {
    let seen = 0
    return healthy((self) => () => execute(self, `new-${seen++}`))
  },
  "count-100": () => counted(100),
  "count-10k": () => counted(10_000),
  "count-100k": () => counted(100_000)
}

import { it } from "@effect/vitest"
import { CircuitBreaker, type Truce } from "@truce/effect3"
import { Cause, type Clock, Duration, Effect, Exit, Fiber, type Layer, Option, Random, type Scope } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { clockOf, withClock } from "../platform/Clocks.ts"
import { seeded } from "../platform/Randomness.ts"
import { yieldingWhen } from "../platform/Yields.ts"
import { type ApiError, classify, key, seed, settled, times } from "../support.ts"

/** Numbers that are the same at every run. */
export const numbers = (from: number): (() => number) => {
  let x = (seed ^ Math.imul(from + 1, 0x9e3779b9)) | 1
  return () => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) / 2 ** 32
  }
}

/**
 * Lets a fiber yield in about one of `every` operations instead of every 2 048th, so that others, and interruptions, come in
 * between any two. A yield is some ten operations itself: more than one in twenty would never get anywhere.
 */
export const yielding = (from: number, every = 30) => {
  const next = numbers(from)
  return yieldingWhen(() => next() * every < 1)
}

/** A dependency that knows how many attempts it has, and the most it ever had at once. */
export const dependency = <A, E, R>(self: Effect.Effect<A, E, R>) => {
  const seen = { begun: 0, now: 0, most: 0 }
  const effect = Effect.acquireUseRelease(
    Effect.sync(() => {
      seen.begun++
      seen.now++
      seen.most = Math.max(seen.most, seen.now)
    }),
    () => self,
    () =>
      Effect.sync(() => {
        seen.now--
      })
  )
  return { effect, seen }
}

/** Opens the circuit and lets its open time pass: the next attempt is a probe. */
export const probing = (clock: Hand, of = key) => Effect.zipRight(opening(of), clock.advance(60_000))

/** Opens the circuit. */
export const opening = (of = key) =>
  Effect.repeat(Effect.zipRight(execute(failed, of), CircuitBreaker.state(of)), {
    until: ({ status }) => status === "Open"
  })

const failed: Effect.Effect<string, ApiError> = Effect.die("down")

export const execute = <A, E extends ApiError, R>(self: Effect.Effect<A, E, R>, of = key) =>
  Effect.exit(CircuitBreaker.execute(self, { key: of, classify }))

/** The circuit admits a probe at once: nothing is held by what has ended. */
export const admitsAtOnce = (of = key) => Effect.map(execute(Effect.succeed("hello"), of), Exit.isSuccess)

export const all = <A, E, R>(count: number, self: (index: number) => Effect.Effect<A, E, R>) =>
  Effect.forEach(Array.from({ length: count }), (_, index) => Effect.fork(self(index)))

export const exits = <A, E>(fibers: ReadonlyArray<Fiber.Fiber<A, E>>) =>
  Effect.forEach(fibers, (fiber) => Fiber.await(fiber))

/** How many of each. */
export const tally = (names: Iterable<string>): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** Lets the others run, a number of times that is the same at every run. */
export const hops = (most: number) =>
  Effect.flatMap(Random.nextIntBetween(0, most), (count) => times(count, Effect.yieldNow()))

/** A clock moved by hand whose wall time can be stepped while its monotonic time goes on. */
export interface Hand extends Clock.Clock {
  /** Moves both times on and lets who is woken run. */
  readonly advance: (millis: number) => Effect.Effect<void>
  /** Steps the wall time alone. */
  readonly step: (millis: number) => void
  /** How many sleep. */
  readonly sleepers: () => number
}

/** Interruption is safe in the midst of its `sleep`, which that of `TestClock` is not where fibers yield between any two operations. */
export const hand = (): Hand => {
  let monotonic = 0
  let offset = 1_700_000_000_000
  const sleepers = new Map<() => void, number>()
  const clock = clockOf({
    wallMillis: () => monotonic + offset,
    monotonicNanos: () => BigInt(Math.round(monotonic * 1_000_000)),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const wake = () => resume(Effect.void)
        if (Duration.toMillis(duration) === 0) return wake()
        sleepers.set(wake, monotonic + Duration.toMillis(duration))
        return Effect.sync(() => sleepers.delete(wake))
      })
  })
  return {
    ...clock,
    advance: (millis) =>
      Effect.gen(function* () {
        const end = monotonic + millis
        while (true) {
          yield* settled
          let next: readonly [() => void, number] | undefined
          for (const sleeper of sleepers) if (sleeper[1] <= (next?.[1] ?? end)) next = sleeper
          if (next === undefined) break
          monotonic = Math.max(monotonic, next[1])
          sleepers.delete(next[0])
          next[0]()
        }
        monotonic = end
        yield* settled
      }),
    step: (millis) => void (offset += millis),
    sleepers: () => sleepers.size
  }
}

/** A test on a clock moved by hand. */
export const by =
  <R>(layer: () => Layer.Layer<R>) =>
  <A, E>(name: string, body: (clock: Hand) => Effect.Effect<A, E, R | Scope.Scope>): void =>
    it.scopedLive(name, () => {
      const clock = hand()
      return body(clock).pipe(Effect.provide(layer()), withClock(clock), seeded(name))
    })

setFlagsFromString("--expose-gc")
const collect: unknown = runInNewContext("gc")

/** Megabytes in use once everything unreachable is gone. */
export const heapMegabytes = Effect.gen(function* () {
  yield* settled
  if (typeof collect === "function") collect()
  return process.memoryUsage().heapUsed / 1e6
})

/** How a protected call ended: the reason of its retries, the tag of its error, or what else became of it. */
export const ending = <A>(exit: Exit.Exit<A, Truce.Protected<ApiError, ApiError, ApiError>>): string =>
  Exit.match(exit, {
    onSuccess: () => "success",
    onFailure: (cause) => {
      if (Cause.isInterrupted(cause)) return "interrupted"
      return Option.match(Cause.failureOption(cause), {
        onNone: () => "defect",
        onSome: (error) => (error._tag === "RetryExhausted" ? error.reason : error._tag)
      })
    }
  })

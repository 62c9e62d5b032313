import { Truce } from "@truce/effect3"
import { Effect, Fiber } from "effect"
import { describe, expect } from "vitest"
import { hasEnded } from "../platform/Fibers.ts"
import { answering, classify, failing, key, settled, steady } from "../support.ts"
import { by, ending, opening } from "./support.ts"

const hour = 3_600_000

for (const [name, millis] of [
  ["forward", hour],
  ["back", -hour]
] as const) {
  describe(`a wall clock that steps an hour ${name}`, () => {
    const it = by(() => steady())

    it("makes no answer slow and no slow one fast", (clock) =>
      Effect.gen(function* () {
        const truce = yield* Truce.Truce
        const stepped = Effect.zipRight(
          Effect.sync(() => clock.step(millis)),
          answering
        )
        yield* Truce.protect(stepped, { key, classify, slowAfter: "1 second" })
        expect(yield* truce.budget.tokens(key)).toBe(10)
        const slow = yield* Effect.fork(
          Truce.protect(Effect.zipRight(Effect.sleep("2 seconds"), stepped), { key, classify, slowAfter: "1 second" })
        )
        yield* clock.advance(2_000)
        yield* Fiber.join(slow)
        expect(yield* truce.budget.tokens(key)).toBe(9.8)
      }))

    it("wakes no retry early and none late", (clock) =>
      Effect.gen(function* () {
        let attempts = 0
        const effect = Effect.suspend(() => (attempts++ === 0 ? failing : answering))
        const retry = { base: "1 second", jitter: "none", deadline: "2 seconds" } as const
        const fiber = yield* Effect.fork(Truce.protect(effect, { key, classify, retry }))
        yield* settled
        clock.step(millis)
        yield* clock.advance(999)
        expect(attempts).toBe(1)
        yield* clock.advance(1)
        expect(yield* Fiber.join(fiber)).toBe("hello")
      }))

    it("neither shortens nor lengthens the wait for an admission", (clock) =>
      Effect.gen(function* () {
        yield* opening()
        const retry = { whenOpen: "wait", deadline: "1 second" } as const
        const fiber = yield* Effect.fork(Truce.protect(answering, { key, classify, retry }))
        yield* settled
        clock.step(millis)
        yield* clock.advance(499)
        expect(hasEnded(fiber)).toBe(false)
        yield* clock.advance(1)
        expect(ending(yield* Fiber.await(fiber))).toBe("success")
      }))
  })
}

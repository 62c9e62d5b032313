import { it } from "@effect/vitest"
import { Effect, STM } from "effect"
import { describe, expect } from "vitest"
import { MirroredRef } from "../src/run/keys/MirroredRef.ts"

interface Count {
  readonly count: number
}

class Counter extends MirroredRef<Count> {
  readonly told: Array<readonly [from: number, to: number]> = []
  private readonly whenTold: (self: Counter) => void

  constructor(whenTold: (self: Counter) => void = () => {}) {
    super({ count: 0 })
    this.whenTold = whenTold
  }

  get count(): number {
    return this.value.count
  }

  get isBusy(): boolean {
    return this.isHeld
  }

  /** Adds without a word, as statistics do. */
  noting(count: number): void {
    this.note({ count: this.value.count + count })
  }

  add(count: number): Effect.Effect<number> {
    return this.commit((before) => added(before, count))
  }

  addTx(count: number): STM.STM<number> {
    return this.changeTx((before) => added(before, count))
  }

  protected override changed(before: Count, after: Count): void {
    this.told.push([before.count, after.count])
    this.whenTold(this)
  }
}

const added = (before: Count, count: number): readonly [number, Count] =>
  count === 0 ? [before.count, before] : [before.count + count, { count: before.count + count }]

const composed = <A, E>(self: STM.STM<A, E>): Effect.Effect<A, E> => STM.commit(self)

describe("a mirrored ref", () => {
  it.effect("tells of its own changes at once, before and after it was part of a transaction", () =>
    Effect.gen(function* () {
      const ref = new Counter()
      expect(yield* ref.add(1)).toBe(1)
      expect(ref.told).toEqual([[0, 1]])
      yield* composed(ref.addTx(0))
      expect(yield* ref.add(2)).toBe(3)
      expect(yield* ref.add(0)).toBe(3)
      expect(ref.told).toEqual([
        [0, 1],
        [1, 3]
      ])
    })
  )

  it.effect("shows what a transaction has committed, and tells of it when it is next looked at, once", () =>
    Effect.gen(function* () {
      const ref = new Counter()
      yield* composed(STM.flatMap(ref.addTx(1), () => ref.addTx(2)))
      expect(ref.told).toEqual([])
      expect(ref.count).toBe(3)
      ref.announce()
      expect(ref.told).toEqual([[0, 3]])
      expect(ref.isBusy).toBe(false)
    })
  )

  it.effect("is part of a transaction with another one: both change or neither", () =>
    Effect.gen(function* () {
      const one = new Counter()
      const other = new Counter()
      const both = STM.flatMap(one.addTx(1), () => other.addTx(1))
      yield* composed(both)
      yield* Effect.exit(composed(STM.flatMap(both, () => STM.fail("my own reason"))))
      expect([one.count, other.count]).toEqual([1, 1])
      expect([one.told, other.told]).toEqual([[[0, 1]], [[0, 1]]])
      expect([one.isBusy, other.isBusy]).toEqual([false, false])
    })
  )

  it.effect("starts a transaction from what was noted", () =>
    Effect.gen(function* () {
      const ref = new Counter()
      ref.noting(1)
      expect(yield* composed(ref.addTx(1))).toBe(2)
      expect(ref.count).toBe(2)
      ref.noting(1)
      expect(yield* composed(ref.addTx(0))).toBe(3)
      expect(yield* ref.add(1)).toBe(4)
      expect(ref.told).toEqual([
        [1, 2],
        [3, 4]
      ])
    })
  )

  for (const [how, next] of [
    ["a change", (self: Counter) => Effect.asVoid(self.add(1))],
    ["a transaction", (self: Counter) => Effect.map(composed(self.addTx(1)), () => self.announce())]
  ] as const) {
    it.effect(`tells of ${how} made while one is told after that one, with and without a transaction before`, () =>
      Effect.gen(function* () {
        const order: Array<string> = []
        const ref = new Counter((self) => {
          const [from, to] = self.told.at(-1) ?? [0, 0]
          order.push(`${from} to ${to}`)
          if (to % 2 === 1) Effect.runSync(next(self))
          order.push(`told of ${to}`)
        })
        yield* ref.add(1)
        yield* composed(ref.addTx(1))
        ref.announce()
        yield* ref.add(1)
        expect(order).toEqual(
          ["0 to 1", "1 to 2", "2 to 3", "3 to 4", "4 to 5", "5 to 6"].flatMap((move) => [
            move,
            `told of ${move.at(-1)}`
          ])
        )
        expect(ref.count).toBe(6)
      })
    )
  }
})

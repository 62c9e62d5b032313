import { HealthModel, Outcome, Traffic } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as BitQueue from "../src/health/BitQueue.ts"
import { seed } from "./support.ts"

const bits = fc.array(fc.constantFrom(0 as const, 1 as const), { maxLength: 400, size: "max" })
const filled = (pushed: ReadonlyArray<0 | 1>): BitQueue.BitQueue => pushed.reduce(BitQueue.push, BitQueue.empty)

/** A cheap sequence of bits that is the same for the same seed. */
const bitsOf = (start: number) => {
  let x = start | 1
  return (): 0 | 1 => {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0
    return x < 0 ? 1 : 0
  }
}

describe("BitQueue", () => {
  it("gives bits back in the order they were pushed", () => {
    fc.assert(
      fc.property(bits, (pushed) => {
        let queue = filled(pushed)
        expect(queue.length).toBe(pushed.length)
        const popped = pushed.map(() => {
          const [bit, rest] = BitQueue.pop(queue)
          queue = rest
          return bit
        })
        expect(popped).toEqual(pushed)
        expect(queue.length).toBe(0)
      })
    )
  })

  it("gives 0 and itself when empty", () => {
    expect(BitQueue.pop(BitQueue.empty)).toEqual([0, BitQueue.empty])
  })

  it("survives its own text", () => {
    fc.assert(
      fc.property(bits, fc.nat({ max: 50 }), (pushed, pops) => {
        let queue = filled(pushed)
        for (let i = 0; i < pops; i++) queue = BitQueue.pop(queue)[1]
        const text = BitQueue.toString(queue)
        expect(text).toBe(pushed.slice(pops).join(""))
        expect(BitQueue.toString(BitQueue.fromString(text))).toBe(text)
      })
    )
  })

  it("equals an array under random pushes and pops, in every version ever made", () => {
    const commands = fc.array(fc.constantFrom("push 0", "push 1", "push 1", "pop", "back"), {
      maxLength: 300,
      size: "max"
    })
    fc.assert(
      fc.property(commands, fc.array(fc.nat(), { minLength: 1, maxLength: 50 }), (list, picks) => {
        const versions: Array<{ readonly queue: BitQueue.BitQueue; readonly array: ReadonlyArray<0 | 1> }> = [
          { queue: BitQueue.empty, array: [] }
        ]
        let now = versions[0]
        for (const [index, command] of list.entries()) {
          if (now === undefined) throw new Error("no version")
          if (command === "back") now = versions[(picks[index % picks.length] ?? 0) % versions.length]
          else if (command === "pop") {
            const [bit, queue] = BitQueue.pop(now.queue)
            expect(bit).toBe(now.array[0] ?? 0)
            now = { queue, array: now.array.slice(1) }
          } else {
            const bit = command === "push 1" ? 1 : 0
            now = { queue: BitQueue.push(now.queue, bit), array: [...now.array, bit] }
          }
          if (now !== undefined) versions.push(now)
        }
        for (const { array, queue } of versions) expect(BitQueue.toString(queue)).toBe(array.join(""))
      }),
      { numRuns: 30 }
    )
  })
})

describe("countWindow against an array", () => {
  const event = (model: HealthModel.HealthModel<HealthModel.CountWindow>, state: HealthModel.CountWindow, bit: 0 | 1) =>
    model.observe(state, Outcome.mass(bit === 1 ? Outcome.failure() : Outcome.success, 0, 1, 0), Traffic.none, 0)

  it("has the same failure rate at every step, for every size from 1 to 300", () => {
    for (let size = 1; size <= 300; size++) {
      const model = HealthModel.countWindow({ size, min: 1 })
      const next = bitsOf(seed + size)
      const array: Array<0 | 1> = []
      let state = model.init
      for (let i = 0; i < 2 * size + 70; i++) {
        const bit = next()
        state = event(model, state, bit)
        array.push(bit)
        if (array.length > size) array.shift()
        const failures = array.filter((one) => one === 1).length
        if (state.failures !== failures) throw new Error(`size ${size}, step ${i}: ${state.failures}, not ${failures}`)
        if (Math.abs(model.score(state, 0) - (1 - failures / array.length)) > 1e-12)
          throw new Error(`size ${size}, step ${i}`)
      }
      expect(model.encode(state, 0)).toBe(array.join(""))
    }
  })

  it("has the same failures in a window of 100,000", () => {
    const size = 100_000
    const model = HealthModel.countWindow({ size })
    const next = bitsOf(seed)
    const all: Array<0 | 1> = []
    let failures = 0
    let state = model.init
    for (let i = 0; i < 250_000; i++) {
      const bit = next()
      all.push(bit)
      failures += bit - (all[i - size] ?? 0)
      state = event(model, state, bit)
      if (state.failures !== failures) throw new Error(`step ${i}: ${state.failures}, not ${failures}`)
    }
    expect(model.encode(state, 0)).toBe(all.slice(-size).join(""))
  })

  it("goes on from an old version as if the newer ones were never made", () => {
    const model = HealthModel.countWindow({ size: 64, min: 1 })
    const next = bitsOf(seed)
    let state = model.init
    const versions: Array<HealthModel.CountWindow> = []
    for (let i = 0; i < 300; i++) versions.push((state = event(model, state, next())))
    const texts = versions.map((version) => model.encode(version, 0))
    for (const [index, version] of versions.entries()) {
      const before = String(texts[index])
      const branch = event(model, event(model, version, 1), 0)
      expect(model.encode(branch, 0)).toBe(`${before}10`.slice(-64))
      expect(model.encode(version, 0)).toBe(before)
    }
  })
})

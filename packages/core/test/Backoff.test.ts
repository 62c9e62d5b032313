import { Backoff } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import "./support.ts"

const delays = (options: Backoff.Options, u: number, retries = 6): ReadonlyArray<number> => {
  const backoff = Backoff.make(options)
  const list: Array<number> = []
  for (let retry = 0; retry < retries; retry++) {
    list.push(Backoff.delay(backoff, { retry, previousMillis: list.at(-1) ?? 0 }, u))
  }
  return list
}

describe("Backoff", () => {
  it.each([
    ["none", 0.7, [100, 200, 400, 800, 1_600, 2_000]],
    ["full", 0, [0, 0, 0, 0, 0, 0]],
    ["full", 0.5, [50, 100, 200, 400, 800, 1_000]],
    ["equal", 0, [50, 100, 200, 400, 800, 1_000]],
    ["equal", 0.5, [75, 150, 300, 600, 1_200, 1_500]],
    [{ min: 0.5, max: 1.5 }, 0, [50, 100, 200, 400, 800, 1_000]],
    [{ min: 0.5, max: 1.5 }, 0.5, [100, 200, 400, 800, 1_600, 2_000]],
    [{ min: 1, max: 1 }, 0.9, [100, 200, 400, 800, 1_600, 2_000]],
    ["decorrelated", 0, [100, 100, 100, 100, 100, 100]],
    ["decorrelated", 0.5, [200, 350, 575, 912.5, 1_418.75, 2_000]]
  ] as const)("with jitter %o and a draw of %d waits %o", (jitter, u, expected) => {
    expect(delays({ jitter }, u)).toEqual(expected)
  })

  it("waits 100 ms x 2 up to 2 s, spread over half of it either way, by default", () => {
    expect(Backoff.make()).toEqual(Backoff.defaults)
    expect(delays({}, 0.5)).toEqual([100, 200, 400, 800, 1_600, 2_000])
  })

  it("has a cap of at least its base by default", () => {
    expect(Backoff.make({ baseMillis: 9_000 }).capMillis).toBe(9_000)
  })

  it("stays within the range of its jitter, for any options and any draw", () => {
    const options = fc.record({
      baseMillis: fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e6, noNaN: true })),
      factor: fc.oneof(fc.constant(1), fc.double({ min: 1, max: 1e300, noNaN: true })),
      more: fc.double({ min: 0, max: 1e6, noNaN: true }),
      jitter: fc.constantFrom<Backoff.Jitter>("none", "full", "equal", "decorrelated", { min: 0.25, max: 3 })
    })
    const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(options, draw, fc.nat({ max: 2_000 }), draw, ({ more, ...rest }, u, retry, share) => {
        const backoff = Backoff.make({ ...rest, capMillis: rest.baseMillis + more })
        const { baseMillis, capMillis, jitter } = backoff
        const plain = Backoff.delay({ ...backoff, jitter: "none" }, { retry, previousMillis: 0 }, u)
        const delay = Backoff.delay(backoff, { retry, previousMillis: share * capMillis }, u)
        const [low, high] =
          jitter === "decorrelated"
            ? [baseMillis, capMillis]
            : jitter === "full"
              ? [0, plain]
              : jitter === "equal"
                ? [plain / 2, plain]
                : jitter === "none"
                  ? [plain, plain]
                  : [0.25 * plain, 3 * plain]
        expect(plain).toBeGreaterThanOrEqual(baseMillis)
        expect(plain).toBeLessThanOrEqual(capMillis)
        expect(delay).toBeGreaterThanOrEqual(low * (1 - 1e-12))
        expect(delay).toBeLessThanOrEqual(high * (1 + 1e-12))
      }),
      { numRuns: 1_000 }
    )
  })

  it("never shrinks from one retry to the next without jitter", () => {
    const list = delays({ jitter: "none", factor: 1.3, capMillis: 1e9 }, 0, 500)
    expect(list).toEqual([...list].sort((a, b) => a - b))
    expect(list.at(-1)).toBe(1e9)
  })
})

import { Registry } from "@truce/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"

interface One extends Registry.Kept {
  readonly isBusy: boolean
}

const retired: Array<string> = []
const one = (key: string, usedAt: number, { busy = false, failing = false, spent = false } = {}): One => ({
  key,
  usedAt,
  isBusy: busy,
  isIdle: () => !busy,
  isSpent: () => spent,
  isFailing: () => failing,
  retire: () => retired.push(key)
})

const keys = (registry: Registry.Registry<One>) => registry.all().map(({ key }) => key)

describe("a registry", () => {
  it("forgets what was not used for its time, when another key is added, all that it looks at", () => {
    const registry = new Registry.Registry<One>({ maxKeys: 100, ttlMillis: 10_000 })
    for (let i = 0; i < 8; i++) registry.add(one(`old-${i}`, 0), 0)
    registry.add(one("new", 20), 20_000)
    expect(keys(registry)).toEqual(["new"])
  })

  it("keeps what is busy, whatever the room", () => {
    const registry = new Registry.Registry<One>({ maxKeys: 1, ttlMillis: 1 })
    for (let i = 0; i < 5; i++) registry.add(one(`busy-${i}`, 0, { busy: true }), 60_000)
    expect(registry.all().length).toBe(5)
  })

  it("forgets what is busy but spent where there is no room", () => {
    const registry = new Registry.Registry<One>({ maxKeys: 1, ttlMillis: 1_000 })
    registry.add(one("spent", 0, { busy: true, spent: true }), 0)
    registry.add(one("next", 0), 0)
    expect(keys(registry)).toEqual(["next"])
  })

  it("forgets what is failing last", () => {
    const registry = new Registry.Registry<One>({ maxKeys: 2, ttlMillis: 60_000 })
    registry.add(one("failing", 0, { failing: true }), 0)
    registry.add(one("healthy", 5), 5_000)
    registry.add(one("next", 6), 6_000)
    expect(keys(registry)).toEqual(["failing", "next"])
  })

  it("retires what another one takes the place of", () => {
    const registry = new Registry.Registry<One>({ maxKeys: 10, ttlMillis: 60_000 })
    registry.add(one("a", 0), 0)
    retired.length = 0
    registry.add(one("a", 1), 1_000)
    expect(retired).toEqual(["a"])
    expect(registry.get("a")?.usedAt).toBe(1)
  })

  it("holds no more idle keys than it has room for, but for as many as are busy, however keys come", () => {
    const added = fc.record({ key: fc.nat(40), busy: fc.boolean(), failing: fc.boolean(), after: fc.nat(5_000) })
    fc.assert(
      fc.property(fc.array(added, { maxLength: 200 }), fc.integer({ min: 1, max: 16 }), (all, maxKeys) => {
        const registry = new Registry.Registry<One>({ maxKeys, ttlMillis: 10_000 })
        let now = 0
        for (const { after, busy, failing, key } of all) {
          now += after
          if (registry.get(`${key}`) === undefined) {
            registry.add(one(`${key}`, Math.floor(now / 1_000), { busy, failing }), now)
          }
          const idle = registry.all().filter(({ isBusy }) => !isBusy).length
          // As many as it looks at may be busy: then one more is kept, and goes at the next insertion.
          expect(idle).toBeLessThanOrEqual(maxKeys + registry.all().length - idle)
        }
      })
    )
  })
})

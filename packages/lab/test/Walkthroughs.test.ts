import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import * as Flaws from "../src/Flaws.ts"
import * as Walkthroughs from "../src/Walkthroughs.ts"

describe.each(Walkthroughs.all.map((one) => ({ ...one, one })))("$title", ({ one }) => {
  it("happens in the seed's steps", async () => {
    const shown = await Effect.runPromise(one.seed)
    expect(shown.happens, shown.text).toBe(true)
    expect(shown.steps.length).toBeGreaterThan(1)
  })

  it("does not happen in Truce's", async () => {
    const shown = await Effect.runPromise(one.sound)
    expect(shown.happens, shown.text).toBe(false)
    expect(shown.steps.length).toBeGreaterThan(0)
  })
})

describe("the walkthroughs", () => {
  it("have names that no flaw has", () => {
    const names = [...Walkthroughs.all, ...Flaws.all].map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it("say the same every time", async () => {
    const all = Effect.forEach(Walkthroughs.all, ({ seed, sound }) => Effect.all([seed, sound]))
    expect(await Effect.runPromise(all)).toEqual(await Effect.runPromise(all))
  })
})

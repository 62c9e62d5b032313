import { describe, expect, it } from "vitest"
import { traceLimit } from "../src/Flaw.ts"
import * as Flaws from "../src/Flaws.ts"
import { ledger } from "../src/designs/Truce.ts"
import { run } from "../src/Run.ts"

describe.each(Flaws.all.map((flaw) => ({ ...flaw, flaw })))("$title", ({ flaw }) => {
  const traced = (design: typeof flaw.design) => run(flaw.scenario, design, { seed: flaw.seed, trace: traceLimit })

  it("happens under its design", () => {
    const found = flaw.find(traced(flaw.design))
    expect(found.happens, found.text).toBe(true)
  })

  it("does not happen on Truce", () => {
    const found = flaw.find(traced(ledger))
    expect(found.happens, found.text).toBe(false)
  })
})

describe("the flaws", () => {
  it("have names of their own", () => {
    expect(new Set(Flaws.all.map(({ name }) => name)).size).toBe(Flaws.all.length)
  })
})

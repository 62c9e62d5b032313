import { Exports, intended } from "@truce/conformance"
import { existsSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"
import { join } from "node:path"
import { describe, expect, it } from "vitest"

const sourcesOf = (name: string) => fileURLToPath(new URL(`../../${name}/src`, import.meta.url))

const of = (sources: { readonly [path: string]: string }) => Exports.surface(new Map(Object.entries(sources)))

describe("the exports of a module are read from its source", () => {
  const names = (source: string, more: { readonly [path: string]: string } = {}) =>
    Object.fromEntries(of({ "A.ts": source, ...more }).get("A") ?? [])

  it("whichever way it is declared", () => {
    const source = [
      "/**",
      "export const inAComment = 1",
      " */",
      "export const a = 1",
      "export const { b, c: renamed } = x",
      "export const {",
      "  d,",
      "  e // as it was",
      "} = x",
      "export async function f() {}",
      "export abstract class G {}",
      "export interface H {}",
      "export type I = 1",
      "const hidden = 1"
    ].join("\n")
    expect(names(source)).toEqual({
      a: "value",
      b: "value",
      renamed: "value",
      d: "value",
      e: "value",
      f: "value",
      G: "both",
      H: "type",
      I: "type"
    })
  })

  it("and whichever way it is exported again", () => {
    const source = [
      'export { a, B, type C, D as E } from "./run/b.ts"',
      'export type { B as F } from "./run/b.ts"',
      'export * as G from "./B.ts"',
      'export * from "./C.ts"',
      'export { H } from "elsewhere"'
    ].join("\n")
    const internal = "export const a = 1\nexport class B {}\nexport class C {}\nexport interface D {}"
    const more = { "run/b.ts": internal, "B.ts": "", "C.ts": "export type I = 1\nexport const I = 1" }
    const expected = { a: "value", B: "both", C: "type", E: "type", F: "type", G: "namespace", H: "value", I: "both" }
    expect(names(source, more)).toEqual(expected)
  })

  it("and what it cannot read is an error", () => {
    expect(() => of({ "A.ts": "export default 1" })).toThrow("A.ts: what does this export? export default 1")
  })
})

describe("two packages", () => {
  const left = of({
    "A.ts": "export const a = 1\nexport class B {}\nexport const c = 1",
    "Old.ts": "",
    "run/a.ts": "",
    "platform/a.ts": ""
  })
  const right = of({ "A.ts": "export const a = 1\nexport interface B {}\nexport const d = 1", "New.ts": "" })
  const found = Exports.differences(["left", left], ["right", right])

  it("differ in modules, names and kinds, but not in what is not public", () => {
    expect(found).toEqual([
      "A.B: both in left, type in right",
      "A.c: only in left",
      "A.d: only in right",
      "New: only in right",
      "Old: only in left"
    ])
  })

  it("pass when every difference is intended, with a reason, and every intended one is real", () => {
    const because = (difference: string) => ({ difference, reason: "a test" })
    expect(Exports.unintended(found, found.map(because))).toEqual([])
    expect(Exports.unintended(found, found.slice(1).map(because))).toEqual([
      "not intended: A.B: both in left, type in right"
    ])
    expect(Exports.unintended(found.slice(1), found.map(because))).toEqual([
      "no difference: A.B: both in left, type in right"
    ])
    expect(Exports.unintended(["A"], [{ difference: "A", reason: " " }])).toEqual(["no reason: A"])
  })
})

describe("the two bindings export the same names, but for the intended differences", () => {
  const bindings = ["effect3", "effect4"].map(sourcesOf).filter((path) => existsSync(path))

  // The source is read because types leave nothing to import; for values the modules themselves are the judge.
  it.each(bindings)("and what is read of %s is what its modules have", { timeout: 60_000 }, async (path) => {
    const modules = [...Exports.surface(Exports.load(path))]
    const pairs = await Promise.all(
      modules.map(async ([name, names]) => {
        const module: object = await import(pathToFileURL(join(path, `${name}.ts`)).href)
        const values = [...names].filter(([, kind]) => kind !== "type").map(([value]) => value)
        return [`${name}: ${Object.keys(module).sort().join(" ")}`, `${name}: ${values.sort().join(" ")}`] as const
      })
    )
    expect(pairs.map(([, read]) => read)).toEqual(pairs.map(([module]) => module))
    expect(modules.length).toBeGreaterThan(20)
  })

  it("module by module", () => {
    const [one, two] = bindings.map((path) => Exports.surface(Exports.load(path)))
    if (one === undefined) throw new Error("no binding is there")
    const found = Exports.differences(["effect3", one], ["effect4", two ?? one])
    expect(Exports.unintended(found, two === undefined ? [] : intended)).toEqual([])
  })
})

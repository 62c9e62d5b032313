import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { headerOf } from "../../src/twin/Made.ts"
import { unimported } from "../../src/twin/reach.ts"
import { survey, write } from "../../src/twin/Tree.ts"

let root = ""
const tree = { from: "three", to: "four", only: ["only.ts"], byHand: ["platform/**"] }

const put = (file: string, text: string) => {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), text)
}
const look = (rules = "rules", isForced = false) => survey(root, tree, rules, isForced)
const make = () => {
  for (const job of look().stale) write(root, job, job.code)
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "twin-"))
  put("three/a.ts", "1\n")
  put("three/only.ts", "2\n")
  put("four/platform/b.ts", "3\n")
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

test("what was never made is stale; what has no twin, or is written by hand, is left alone", () => {
  expect(look()).toMatchObject({ stale: [{ source: "three/a.ts", target: "four/a.ts" }], orphans: [], faults: [] })
})

test("a made file says from what it was made, and is in order until source or rules change", () => {
  make()
  expect(headerOf(readFileSync(join(root, "four/a.ts"), "utf8"))?.source).toBe("three/a.ts")
  expect(look().stale).toEqual([])
  expect(look("other rules").stale).toHaveLength(1)
  put("three/a.ts", "4\n")
  expect(look().stale).toHaveLength(1)
})

test("an edit of a made file is not lost: it is named, with the file that it belongs into", () => {
  make()
  put("four/a.ts", `${readFileSync(join(root, "four/a.ts"), "utf8")}5\n`)
  put("three/a.ts", "4\n")
  const { faults, stale } = look()
  expect(stale).toEqual([])
  expect(faults).toEqual([
    { file: "four/a.ts", line: 1, message: expect.stringContaining("was edited, and the edit belongs into three/a.ts") }
  ])
  expect(look("rules", true).stale).toHaveLength(1)
})

test("a file of one's own where one would be made is a fault, and is kept", () => {
  put("four/a.ts", "mine\n")
  expect(look()).toMatchObject({ stale: [], faults: [{ file: "four/a.ts" }] })
})

test("a made file whose source is gone goes too, unless it was edited", () => {
  make()
  rmSync(join(root, "three/a.ts"))
  expect(look()).toMatchObject({ orphans: ["four/a.ts"], faults: [] })
  put("four/a.ts", `${readFileSync(join(root, "four/a.ts"), "utf8")}5\n`)
  expect(look()).toMatchObject({ orphans: [], faults: [{ file: "four/a.ts" }] })
})

test("a file that is neither made nor listed is a fault", () => {
  put("four/stray.ts", "6\n")
  expect(look().faults).toMatchObject([{ file: "four/stray.ts" }])
})

test("a made file inside a folder that nothing imports is a fault", () => {
  put("four/internal/used.ts", "")
  put("four/internal/unused.ts", "")
  put("four/index.ts", 'export * from "./internal/used.ts"')
  expect(unimported(root, [tree])).toEqual([
    { file: "four/internal/unused.ts", line: 1, message: "nothing imports it" }
  ])
})

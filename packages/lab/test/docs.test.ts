import { readFileSync, writeFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { catalogue } from "../src/Catalogue.ts"
import * as Walkthroughs from "../src/Walkthroughs.ts"
import { lab, temporary } from "./terminal.ts"

const empty = ["headline", "closed-loop", "flaws"]
  .map((name) => `<!-- lab:${name} -->\n<!-- /lab:${name} -->`)
  .join("\n\n")

const written = async () => {
  const page = temporary("page.md")
  const figures = temporary("figures.json")
  writeFileSync(page, `# Title\n\n${empty}\n\nThe end.\n`)
  const docs = (...args: ReadonlyArray<string>) => lab(["docs", "--page", page, "--figures", figures, ...args])
  expect((await docs()).succeeded).toBe(true)
  const change = (path: string, from: string | RegExp, to: string): void => {
    const text = readFileSync(path, "utf8")
    expect(text).toMatch(from)
    writeFileSync(path, text.replace(from, to))
  }
  return { page, figures, docs, change }
}

describe("the tables of a page", () => {
  it("are written between their markers, and nothing else is", async () => {
    const { docs, page } = await written()
    const text = readFileSync(page, "utf8")
    expect(text).toMatch(/^# Title\n\n<!-- lab:headline -->/)
    expect(text).toMatch(/^\| Outage: availability, % \/ absorbed \/ recovery, s \| \d+\.\d \/ never \/ /m)
    expect(text).toMatch(/^\| It opens \| `breaker` \| yes: It opened 1 times\. \| no: It opened 0 times\. \|$/m)
    expect(text.endsWith("<!-- /lab:flaws -->\n\nThe end.\n")).toBe(true)
    await docs()
    expect(readFileSync(page, "utf8")).toBe(text)
    expect((await docs("--check")).out).toMatch(/^4 of 14 runs repeated: the pages are what the lab says/)
  })

  it("are stale when the page is not of the figures; the figures alone mend it", async () => {
    const { change, docs, page } = await written()
    change(page, "never", "always")
    const { err, succeeded } = await docs("--check")
    expect(succeeded).toBe(false)
    expect(err).toMatch(/the tables of .*page\.md are not those of the figures\. "pnpm lab docs" writes them anew/)
    expect((await docs("--tables")).succeeded).toBe(true)
    expect((await docs("--check")).succeeded).toBe(true)
  })

  it("are stale when a run has other figures", async () => {
    const { change, docs, figures } = await written()
    change(figures, "It opened 1 times.", "It opened 2 times.")
    await docs("--tables")
    const { err, succeeded } = await docs("--check")
    expect(succeeded).toBe(false)
    expect(err).toMatch(/1 of 4 runs have other figures; the first is flaw\/opens\/breaker/)
  })

  it("are stale when a run is missing, or of no run", async () => {
    const { change, docs, figures } = await written()
    change(figures, "headline/outage/breaker/1", "headline/outage/other/1")
    expect((await docs("--check")).err).toMatch(/2 differ, the first is headline\/outage\/breaker\/1/)
  })

  it("need their markers", async () => {
    const { change, docs, page } = await written()
    change(page, "<!-- /lab:flaws -->", "")
    expect((await docs()).err).toMatch(/there is no <!-- lab:flaws -->/)
  })
})

describe("docs/lab.md", () => {
  it("is what the lab says", async () => {
    const module = new URL("../src/Catalogue.ts", import.meta.url).href
    expect(await lab(["docs", "--check"], { catalogue, module, walkthroughs: Walkthroughs.all })).toMatchObject({
      succeeded: true,
      err: ""
    })
  })
})

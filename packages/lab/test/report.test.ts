import { execFileSync, spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { catalogue } from "../src/Catalogue.ts"
import { lab, temporary } from "./terminal.ts"

const report = async (...args: ReadonlyArray<string>) => {
  const path = temporary("report.html")
  const { out, succeeded } = await lab(["report", "--out", path, ...args])
  expect({ succeeded, out }).toEqual({ succeeded: true, out: path })
  return { path, html: readFileSync(path, "utf8") }
}

describe("the report", () => {
  it("has the table, a picture of each run, and each flaw on both sides", async () => {
    const { html } = await report()
    expect(html.match(/<td[^>]*--good/g)?.length).toBeGreaterThan(4)
    expect(html.match(/<section id="(outage|brownout-30)"/g)).toHaveLength(2)
    expect(html.match(/<svg /g)).toHaveLength(2 * 2 + 2)
    expect(html).toMatch(/It happens\.<\/span> It opened 1 times/)
    expect(html).toMatch(/It does not happen\.<\/span> It opened 0 times/)
  })

  it("refers to nothing outside of itself", async () => {
    const { html } = await report()
    expect(html).not.toMatch(/https?:|\bsrc=|@import|<script|<link|xmlns/)
    expect((html.match(/href="[^"]*"/g) ?? []).filter((href) => !href.startsWith('href="#'))).toEqual([])
    expect((html.match(/url\([^)]*\)/g) ?? []).filter((url) => !url.startsWith("url(#"))).toEqual([])
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it("is of the chosen scenarios and designs", async () => {
    const { html } = await report("--scenario", "outage", "--design", "breaker", "--picture", "breaker")
    expect(html.match(/<svg /g)).toHaveLength(1)
    expect(html).not.toContain("brownout-30")
  })

  it("opens in Chromium without a complaint", async (context) => {
    const browser = ["chromium", "chromium-browser", "google-chrome"].find(
      (name) => spawnSync(name, ["--version"]).status === 0
    )
    if (browser === undefined) return context.skip("there is no Chromium here")
    const { html, path } = await report()
    const probe = `<script>document.title = [...document.querySelectorAll("svg")].filter((svg) => svg.getBoundingClientRect().height > 50).length + " drawn, " + getComputedStyle(document.querySelector(".best")).backgroundColor</script>`
    writeFileSync(path, html.replace("</body>", `${probe}</body>`))
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    const dom = execFileSync(browser, [...flags, pathToFileURL(path).href], { encoding: "utf8", stdio: "pipe" })
    const [, title] = /<title>(.*?)<\/title>/.exec(dom) ?? []
    expect(title).toMatch(/^6 drawn, oklab/)
  })
})

describe("the published table", () => {
  it("has designs of the catalogue, and rows of its scenarios", () => {
    const { columns, pictured, rows, sound } = catalogue.headline
    const designs = catalogue.designs.map(({ name }) => name)
    for (const name of [...columns, ...pictured, sound, ...catalogue.closedLoop.columns])
      expect(designs).toContain(name)
    const scenarios = catalogue.scenarios.map(({ name }) => name)
    for (const { name } of rows) expect(scenarios).toContain(name)
  })

  it("has no name twice", () => {
    for (const named of [catalogue.scenarios, catalogue.designs, catalogue.flaws]) {
      expect(new Set(named.map(({ name }) => name)).size).toBe(named.length)
    }
  })
})

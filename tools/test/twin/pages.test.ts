import { expect, test } from "vitest"
import { makePage } from "../../src/twin/pages.ts"

const example = '```ts\nimport { Truce } from "@truce/effect3"\n\nTruce.layer()\n```'
const style = { semi: false }
const make = (text: string, isForced = false) => makePage({ file: "page.md", text }, style, new Set(), isForced)

test("behind an example stands what is made of it, and it is made once", async () => {
  const { text } = await make(`before\n\n${example}\n\nafter\n`)
  expect(text).toMatch(/^before\n\n```ts\n[^`]+```\n\n<details><summary>Effect 4<\/summary><!-- \w+ -->\n\n```ts/)
  expect(text).toContain('import { Truce } from "@truce/effect4"')
  expect(text.endsWith("</details>\n\nafter\n")).toBe(true)
  expect(await make(text)).toMatchObject({ text, isStale: false, faults: [] })
})

test("a changed example changes what is made of it", async () => {
  const { text } = await make(example)
  const next = await make(text.replace("Truce.layer()", "Truce.layer({})"))
  expect(next.text.match(/Truce\.layer\(\{\}\)/g)).toHaveLength(2)
})

test("an edit of what was made is a fault at its line", async () => {
  const { text } = await make(example)
  const edited = text.replace(/Truce\.layer\(\)(?![\s\S]*Truce\.layer)/, "Truce.layer({})")
  expect((await make(edited)).faults).toMatchObject([{ file: "page.md", line: 7 }])
  expect(await make(edited, true)).toMatchObject({ text, faults: [] })
})

test("a block without a hash was written by hand and stays", async () => {
  const text = `${example}\n\n<details><summary>Effect 4</summary>\n\nmine\n\n</details>\n`
  expect(await make(text)).toMatchObject({ text, isStale: false })
})

test("an example that is the same for both, or is for Effect 4 already, stands alone", async () => {
  const text = '```ts\nimport { Outcome } from "@truce/core"\n```\n\n```ts\nimport { A } from "@truce/effect4"\n```\n'
  expect(await make(text)).toMatchObject({ text, isStale: false })
})

test("an example in a list keeps its indentation", async () => {
  const { text } = await make(`- item\n\n${example.replaceAll(/^(?=.)/gm, "  ")}\n`)
  expect(text).toContain("\n  <details><summary>Effect 4</summary>")
  expect(await make(text)).toMatchObject({ text, faults: [] })
})

test("an example that never ends is a fault", async () => {
  expect((await make("```ts\n1")).faults).toMatchObject([{ line: 1 }])
})

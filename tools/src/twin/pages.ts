/** Pages show both majors: behind each example for Effect 3 stands what the rules make of it, folded until a reader wants it. */
import { format } from "oxfmt"
import { hash } from "./Made.ts"
import { rewrite } from "./rewrite.ts"
import { table } from "./rules.ts"
import type { Fault, Used } from "./Table.ts"

export interface Page {
  readonly file: string
  readonly text: string
}

export interface MadePage extends Page {
  readonly isStale: boolean
  readonly faults: ReadonlyArray<Fault>
}

type Style = Parameters<typeof format>[2]

/** The page with what is made of its examples anew. What was edited by hand in there is a fault: it belongs into the example before. */
export const makePage = async (
  { file, text }: Page,
  style: Style,
  used: Used,
  isForced: boolean
): Promise<MadePage> => {
  const faults: Array<Fault> = []
  const blame = (line: number, message: string) => faults.push({ file, line, message })
  const made = await Promise.all(
    pieces(text.split("\n")).map(async ({ example, lines, old }) => {
      if (example === undefined) return [lines]
      if (example.isOpen) blame(example.line, "this example is never closed")
      if (old !== undefined && old.stamp === undefined) return [lines, [""], old.lines]
      const code = example.code.join("\n")
      if (example.isOpen || code.includes(`from "@truce/effect4`)) return [lines]
      if (old !== undefined && old.stamp !== hash(old.code.join("\n")) && !isForced) {
        blame(old.line, "was edited, and the edit belongs into the example before it")
      }
      const twin = rewrite(code, table, { file, line: example.line + 1 }, used)
      faults.push(...twin.faults)
      const formatted = (await format("example.ts", twin.code, style)).code.trimEnd()
      if (formatted === code.trimEnd()) return [lines]
      const block = [`\`\`\`ts${example.flags}`, ...formatted.split("\n"), "```"]
      const stamp = `<details><summary>Effect 4</summary><!-- ${hash(block.join("\n"))} -->`
      const shown = [stamp, "", ...block, "", "</details>"]
      return [lines, [""], shown.map((line) => `${example.indent}${line}`.trimEnd())]
    })
  )
  const next = made.flat(2).join("\n")
  return { file, text: next, isStale: next !== text, faults }
}

/** An example with what an earlier run, or a hand, has put behind it; or the lines between two examples. */
interface Piece {
  readonly lines: ReadonlyArray<string>
  readonly example?: Example
  readonly old?: Block | undefined
}

interface Example {
  readonly line: number
  readonly indent: string
  readonly flags: string
  readonly code: ReadonlyArray<string>
  readonly isOpen: boolean
}

interface Block {
  readonly line: number
  readonly lines: ReadonlyArray<string>
  readonly code: ReadonlyArray<string>
  /** The hash of what was made; none where it was written by hand, as no rule can say it. */
  readonly stamp: string | undefined
}

const opening = /^(\s*)```ts(.*)$/
const heading = /^\s*<details><summary>Effect 4<\/summary>(?:<!-- (\w+) -->)?$/

const pieces = (lines: ReadonlyArray<string>): ReadonlyArray<Piece> => {
  const all: Array<Piece> = []
  let between = 0
  for (let at = 0; at < lines.length; at++) {
    const [, indent, flags = ""] = opening.exec(lines[at] ?? "") ?? []
    if (indent === undefined) continue
    const closed = lines.indexOf(`${indent}\`\`\``, at + 1)
    const end = closed === -1 ? lines.length : closed + 1
    const code = lines.slice(at + 1, end - 1).map((line) => line.slice(indent.length))
    const old = blockAt(lines, end)
    all.push({ lines: lines.slice(between, at) })
    all.push({
      lines: lines.slice(at, end),
      example: { line: at + 1, indent, flags, code, isOpen: closed === -1 },
      old
    })
    between = old === undefined ? end : old.line - 1 + old.lines.length
    at = between - 1
  }
  return [...all, { lines: lines.slice(between) }]
}

/** The block for Effect 4 that begins on this line, or on the next. */
const blockAt = (lines: ReadonlyArray<string>, from: number): Block | undefined => {
  const at = lines[from] === "" ? from + 1 : from
  const found = heading.exec(lines[at] ?? "")
  const end = lines.findIndex((line, i) => i > at && line.trim() === "</details>")
  if (found === null || end === -1) return
  const indent = found[0].indexOf("<")
  const code = lines.slice(at + 2, end - 1).map((line) => line.slice(indent))
  return { stamp: found[1], line: at + 1, lines: lines.slice(at, end + 1), code }
}

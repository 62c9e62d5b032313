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

const opening = /^(\s*)```ts(.*)$/
/** A block with a hash was made; one without was written by hand, where no rule can say it. */
const heading = /^\s*<details><summary>Effect 4<\/summary>(?:<!-- (\w+) -->)?$/

/** The page with what is made of its examples anew. What was edited by hand in there is a fault: it belongs into the example before. */
export const makePage = async (
  { file, text }: Page,
  style: Parameters<typeof format>[2],
  used: Used,
  isForced: boolean
): Promise<MadePage> => {
  const lines = text.split("\n")
  const result: Array<string> = []
  const faults: Array<Fault> = []
  for (let at = 0; at < lines.length; at++) {
    const [, indent, flags = ""] = opening.exec(lines[at] ?? "") ?? []
    const end = indent === undefined ? at : lines.indexOf(`${indent}\`\`\``, at + 1)
    if (end === -1) {
      faults.push({ file, line: at + 1, message: "this example is never closed" })
      break
    }
    result.push(...lines.slice(at, end + 1))
    if (indent === undefined) continue
    const code = lines.slice(at + 1, end).map((one) => one.slice(indent.length))
    const old = blockAt(lines, end + 1)
    if (old !== undefined && old.stamp === undefined) {
      result.push(...lines.slice(end + 1, old.end + 1))
    } else if (!isOfEffect4(code)) {
      if (old !== undefined && old.stamp !== hash(old.code) && !isForced) {
        faults.push({ file, line: old.line, message: "was edited, and the edit belongs into the example before it" })
      }
      const twin = rewrite(code.join("\n"), table, { file, line: at + 2 }, used)
      faults.push(...twin.faults)
      const formatted = (await format("example.ts", twin.code, style)).code.trimEnd()
      if (formatted !== code.join("\n").trimEnd()) {
        const block = [`\`\`\`ts${flags}`, ...formatted.split("\n"), "```"]
        const stamp = `<details><summary>Effect 4</summary><!-- ${hash(block.join("\n"))} -->`
        result.push("", ...[stamp, "", ...block, "", "</details>"].map((one) => `${indent}${one}`.trimEnd()))
      }
    }
    at = old === undefined ? end : old.end
  }
  const next = result.join("\n")
  return { file, text: next, isStale: next !== text, faults }
}

const isOfEffect4 = (code: ReadonlyArray<string>): boolean => code.some((line) => line.includes(`from "@truce/effect4`))

/** The block for Effect 4 that begins on this line, or on the next. */
const blockAt = (lines: ReadonlyArray<string>, from: number) => {
  const line = lines[from] === "" ? from + 1 : from
  const found = heading.exec(lines[line] ?? "")
  const end = lines.findIndex((one, i) => i > line && one.trim() === "</details>")
  if (found === null || end === -1) return
  const indent = found[0].indexOf("<")
  const code = lines.slice(line + 2, end - 1).map((one) => one.slice(indent))
  return { stamp: found[1], line: line + 1, end, code: code.join("\n") }
}

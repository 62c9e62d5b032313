/** The code in doc comments is code too; the prose around it changes by whole phrases. */
import { phrased, rewrite } from "./rewrite.ts"
import type { Fault, Table, Used } from "./Table.ts"

export interface Place {
  readonly file: string
  readonly line: number
}

const fence = /^([ \t]*\* )```ts([^\n]*)\n([\s\S]*?)^[ \t]*\* ```[ \t]*$/gm

export const rewriteComment = (
  comment: string,
  table: Table,
  { file, line }: Place,
  used: Used,
  faults: Array<Fault>
): string => {
  let text = ""
  let at = 0
  for (const found of comment.matchAll(fence)) {
    const [whole, prefix = "", , body = ""] = found
    const bodyAt = found.index + whole.indexOf("\n") + 1
    const begin = line + comment.slice(0, bodyAt).split("\n").length - 1
    const code = body
      .split("\n")
      .slice(0, -1)
      .map((one) => one.slice(prefix.length).trimEnd())
    const made = rewrite(code.join("\n"), table, { file, line: begin }, used)
    faults.push(...made.faults)
    text += phrased(comment.slice(at, bodyAt), table, used)
    text += made.code
      .trimEnd()
      .split("\n")
      .map((one) => `${prefix}${one}`.trimEnd() + "\n")
      .join("")
    at = bodyAt + body.length
  }
  return text + phrased(comment.slice(at), table, used)
}

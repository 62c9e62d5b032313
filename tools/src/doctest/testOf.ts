import { type Fence, fail } from "./fences.ts"

/** Imports as they have to stand, and the line that the body of the test begins with. */
interface Parsed {
  readonly lines: ReadonlyArray<string>
  readonly late: ReadonlyArray<string>
  readonly first: number
}

/** A module with the example at its own line numbers, as a test if it is to run. */
export const testOf = (fence: Fence): { readonly file: string; readonly source: string } => {
  const { first, late, ...parsed } = imports(fence)
  const lines = assertions(fence, parsed.lines, first)
  const title = `${fence.name}:${fence.line}`
  const head = [`import { expect, test } from "vitest"`, "void expect, void test", ...late].join("; ")
  if (fence.run) {
    lines[first] = `test(${JSON.stringify(title)}, async () => { ${lines[first] ?? ""}`
    lines.push("})")
  }
  const file = `${title.replace(/[/:]/g, ".")}${fence.run ? ".test" : ""}.ts`
  return { file, source: [head, ...Array<string>(fence.line - 1).fill(""), ...lines, ""].join("\n") }
}

// Leading imports stay where they are, later ones move to the top of the file; the rest becomes the body of a function.
const imports = (fence: Fence): Parsed => {
  const lines = fence.lines.map((line) =>
    line.replace(/^(\s*)export (?=const|let|class|function|async|type|interface)/, "$1")
  )
  const at = (i: number) => lines[i] ?? ""
  const late: Array<string> = []
  let first: number | undefined
  for (let i = 0; i < lines.length; i++) {
    if (/^import\b(?!\s*[(.])/.test(at(i))) {
      const from = i
      while (!/["'];?\s*(\/\/.*)?$/.test(at(i)))
        if (++i === lines.length) fail(fence, fence.line + 1 + from, "this import never ends")
      if (first !== undefined) {
        const moved = lines.splice(from, i - from + 1, ...Array<string>(i - from + 1).fill(""))
        late.push(moved.map((line) => line.replace(/\/\/.*$/, "")).join(" "))
      }
    } else if (!/^\s*(\/\/.*)?$/.test(at(i)) || /^\s*\/\/\s*=>/.test(at(i))) first ??= i
  }
  return { lines, late, first: first ?? lines.length }
}

const assertions = (fence: Fence, parsed: ReadonlyArray<string>, first: number): Array<string> => {
  const lines = [...parsed]
  const at = (i: number) => lines[i] ?? ""
  for (let i = 0; i < lines.length; i++) {
    const [, code = "", value] = /^(.*?)\s*\/\/\s*=>\s*(.*?);?\s*$/.exec(at(i)) ?? []
    if (value === undefined) continue
    if (value === "") fail(fence, fence.line + 1 + i, "there is no value after // =>")
    let end = i
    if (code.trim() === "") while (--end >= first && /^\s*(\/\/.*)?$/.test(at(end)));
    else lines[i] = code
    if (end < first) fail(fence, fence.line + 1 + i, "there is no expression before // =>")
    lines[end] = at(end).replace(/;?\s*$/, "")
    // an expression may span lines: go back until its brackets balance and it does not start with a continuation
    let start = end
    while (start > first && continues(lines.slice(start, end + 1).join("\n"))) start--
    const [, indent = "", name] = /^(\s*)(?:(?:const|let|var) (\w+)(?:\s*:.*?)?\s*=[^=])?/.exec(at(start)) ?? []
    if (name !== undefined) lines[end] += `; expect(${name}).toEqual(${value})`
    else {
      if (/^\s*(const|let|var|return|if|for|while|throw|class|function)\b/.test(at(start))) {
        fail(fence, fence.line + 1 + i, "only an expression or `const name = expression` can have a // => value")
      }
      lines[start] = `${indent};expect(${at(start)
        .trimStart()
        .replace(/^console\.log(?=\()/, "")}`
      lines[end] += `).toEqual(${value})`
    }
    if (end < i) lines[i] = ""
  }
  return lines
}

const continues = (code: string): boolean => {
  const bare = code.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|`(\\.|[^`\\])*`|\/\/.*$/gm, "0")
  const depth = (bare.match(/[([{]/g)?.length ?? 0) - (bare.match(/[)\]}]/g)?.length ?? 0)
  return depth < 0 || /^\s*([)\]}.?:|&*/]|[+-] |=>)/.test(bare) || bare.trim() === ""
}

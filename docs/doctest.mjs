// Turns every ```ts fence of doc comments and Markdown into a test in <package>/.doctest.
//
//   node ../../docs/doctest.mjs src ../../docs ../../README.md      (run in the package whose tests they become)
//
// An example of the shared docs belongs to the binding it imports, to that for Effect 3 where it imports none.
// `expr // => value` asserts, as does a `// => value` on the line after; ```ts no-run is type-checked only.
// A generated file keeps the line numbers of its source: an error in README.md.10.test.ts(14,3) is on line 14 of README.md.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const own = JSON.parse(readFileSync("package.json", "utf8")).name
const out = ".doctest"
const count = { run: 0, compiled: 0 }

rmSync(out, { recursive: true, force: true })
mkdirSync(out)
try {
  for (const file of process.argv.slice(2).flatMap(sources))
    for (const fence of fences(file).filter(isOwn)) write(fence)
  console.log(`documentation examples: ${count.run} to run, ${count.compiled} to compile only`)
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

function sources(path) {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.name !== "node_modules" && (entry.isDirectory() || /\.(ts|md)$/.test(entry.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => sources(join(path, entry.name)))
}

function fences(file) {
  const found = []
  const name = relative(root, file).replaceAll("\\", "/")
  const prefix = file.endsWith(".ts") ? /^\s*\* ?/ : /^/
  let open
  for (const [index, raw] of readFileSync(file, "utf8").split(/\r?\n/).entries()) {
    const comment = prefix.test(raw)
    const line = raw.replace(prefix, "")
    const fence = comment ? /^(\s*)(`{3,})\s*(.*?)\s*$/.exec(line) : null
    if (open !== undefined) {
      if (!comment) fail(open, open.line, "this fence is never closed")
      if (fence !== null && fence[2].length >= open.ticks && fence[3] === "") {
        if (open.ts) found.push(open)
        open = undefined
      } else open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart())
    } else if (fence !== null) {
      const [language, ...flags] = fence[3].split(/\s+/)
      // `line` is the line number of the fence, so `lines[i]` is on line `line + 1 + i`
      const [, indent, { length: ticks }] = fence
      open = { name, line: index + 1, indent, ticks, ts: language === "ts", lines: [], run: flags.length === 0 }
      if (open.ts && !open.run && flags.join(" ") !== "no-run")
        fail(open, open.line, `unknown flag "${flags.join(" ")}"`)
    }
  }
  if (open !== undefined) fail(open, open.line, "this fence is never closed")
  return found
}

function isOwn({ lines, name }) {
  if (!relative(process.cwd(), join(root, name)).startsWith("..")) return true
  const binding = /from "(@truce\/effect\d)["/]/.exec(lines.join("\n"))?.[1] ?? "@truce/effect3"
  return binding === own
}

function write(fence) {
  const { lines, late, first } = assertions(fence, imports(fence))
  const title = `${fence.name}:${fence.line}`
  const head = [`import { expect, test } from "vitest"`, "void expect, void test", ...late].join("; ")
  if (fence.run) {
    lines[first] = `test(${JSON.stringify(title)}, async () => { ${lines[first] ?? ""}`
    lines.push("})")
  }
  const file = `${title.replace(/[/:]/g, ".")}${fence.run ? ".test" : ""}.ts`
  writeFileSync(join(out, file), [head, ...Array(fence.line - 1).fill(""), ...lines, ""].join("\n"))
  count[fence.run ? "run" : "compiled"]++
}

// Leading imports stay where they are, later ones move to the top of the file; the rest becomes the body of a function.
function imports(fence) {
  const lines = fence.lines.map((line) =>
    line.replace(/^(\s*)export (?=const|let|class|function|async|type|interface)/, "$1")
  )
  const late = []
  let first
  for (let i = 0; i < lines.length; i++) {
    if (/^import\b(?!\s*[(.])/.test(lines[i])) {
      const from = i
      while (!/["'];?\s*(\/\/.*)?$/.test(lines[i]))
        if (++i === lines.length) fail(fence, fence.line + 1 + from, "this import never ends")
      if (first !== undefined) {
        const moved = lines.splice(from, i - from + 1, ...Array(i - from + 1).fill(""))
        late.push(moved.map((line) => line.replace(/\/\/.*$/, "")).join(" "))
      }
    } else if (!/^\s*(\/\/.*)?$/.test(lines[i]) || /^\s*\/\/\s*=>/.test(lines[i])) first ??= i
  }
  return { lines, late, first: first ?? lines.length }
}

function assertions(fence, parsed) {
  const lines = parsed.lines
  for (let i = 0; i < lines.length; i++) {
    const [, code, value] = /^(.*?)\s*\/\/\s*=>\s*(.*?);?\s*$/.exec(lines[i]) ?? []
    if (value === undefined) continue
    if (value === "") fail(fence, fence.line + 1 + i, "there is no value after // =>")
    let end = i
    if (code.trim() === "") while (--end >= parsed.first && /^\s*(\/\/.*)?$/.test(lines[end]));
    else lines[i] = code
    if (end < parsed.first) fail(fence, fence.line + 1 + i, "there is no expression before // =>")
    lines[end] = lines[end].replace(/;?\s*$/, "")
    // an expression may span lines: go back until its brackets balance and it does not start with a continuation
    let start = end
    while (start > parsed.first && continues(lines.slice(start, end + 1).join("\n"))) start--
    const [, indent, name] = /^(\s*)(?:(?:const|let|var) (\w+)(?:\s*:.*?)?\s*=[^=])?/.exec(lines[start])
    if (name !== undefined) lines[end] += `; expect(${name}).toEqual(${value})`
    else {
      if (/^\s*(const|let|var|return|if|for|while|throw|class|function)\b/.test(lines[start])) {
        fail(fence, fence.line + 1 + i, "only an expression or `const name = expression` can have a // => value")
      }
      lines[start] = `${indent};expect(${lines[start].trimStart().replace(/^console\.log(?=\()/, "")}`
      lines[end] += `).toEqual(${value})`
    }
    if (end < i) lines[i] = ""
  }
  return parsed
}

function continues(code) {
  const bare = code.replace(/"(\\.|[^"\\])*"|'(\\.|[^'\\])*'|`(\\.|[^`\\])*`|\/\/.*$/gm, "0")
  const depth = (bare.match(/[([{]/g)?.length ?? 0) - (bare.match(/[)\]}]/g)?.length ?? 0)
  return depth < 0 || /^\s*([)\]}.?:|&*/]|[+-] |=>)/.test(bare) || bare.trim() === ""
}

function fail(fence, line, message) {
  throw new Error(`${fence.name}:${line}: ${message}`)
}

import { expect, test } from "vitest"
import { fences } from "../src/doctest/fences.ts"
import { testOf } from "../src/doctest/testOf.ts"

const fenced = (code: string, info = "ts") => `\`\`\`${info}\n${code}\n\`\`\``

const read = (markdown: string) => fences("docs/page.md", markdown)

/** The lines of the test that an example becomes, from the line after its fence to its end. */
const body = (code: string) =>
  read(fenced(code))
    .flatMap((fence) => testOf(fence).source.split("\n").slice(1))
    .join("\n")

const inTest = (code: string) => `test("docs/page.md:1", async () => { ${code}\n})\n`

test("a ts fence is an example to run, ts no-run one to compile, and any other language is none", () => {
  const found = read([fenced("1"), fenced("2", "ts no-run"), fenced("3", "sh"), fenced("4", "tsx")].join("\n"))
  expect(found.map(({ line, lines, run }) => ({ line, lines, run }))).toEqual([
    { line: 1, lines: ["1"], run: true },
    { line: 4, lines: ["2"], run: false }
  ])
})

test("a fence inside a longer one is text", () => {
  expect(read(`\`\`\`\`md\n${fenced("1")}\n\`\`\`\``)).toEqual([])
})

test("an indented fence loses its own indentation and no more", () => {
  expect(read("- item\n\n  ```ts\n  if (a)\n    b()\n  ```")[0]?.lines).toEqual(["if (a)", "  b()"])
})

test("a fence in a doc comment loses the stars of the comment", () => {
  const [fence] = fences("src/A.ts", "/**\n * ```ts\n * a()\n *   .b()\n * ```\n */")
  expect(fence).toEqual({ name: "src/A.ts", line: 2, lines: ["a()", "  .b()"], run: true })
})

test.each([
  ["a fence that the comment ends", "src/A.ts", "/**\n * ```ts\n */", "src/A.ts:2: this fence is never closed"],
  ["a fence that the file ends", "a.md", "\n```ts\n1", "a.md:2: this fence is never closed"],
  ["an unknown flag", "a.md", "```ts skip\n```", 'a.md:1: unknown flag "skip"']
])("%s is refused with its line", (_, name, text, message) => {
  expect(() => fences(name, text)).toThrow(message)
})

test("code keeps its line number in a file named by the line of its fence", () => {
  const [fence] = read(`# Title\n\n${fenced("const a = 1\na")}`)
  const { file, source } = testOf(fence!)
  expect(file).toBe("docs.page.md.3.test.ts")
  expect(source.split("\n")[4]).toBe("a")
})

test("an example that is not run is no test", () => {
  const [fence] = read(fenced("a()", "ts no-run"))
  const { file, source } = testOf(fence!)
  expect(file).toBe("docs.page.md.1.ts")
  expect(source).not.toContain("test(")
})

test.each([
  ["an expression", "f(1) // => 2", ";expect(f(1)).toEqual(2)"],
  ["a value on the line below", "f(1)\n// => 2", ";expect(f(1)).toEqual(2)\n"],
  ["what is logged", "console.log(a, b) // => 2", ";expect((a, b)).toEqual(2)"],
  ["a constant", "const a: number = f(1) // => 2", "const a: number = f(1); expect(a).toEqual(2)"],
  ["an expression over several lines", "f(\n  1\n)\n  .g // => 2", ";expect(f(\n  1\n)\n  .g).toEqual(2)"],
  ["brackets in a string or a comment", 'f(")") // => "("', ';expect(f(")")).toEqual("(")']
])("%s is asserted", (_, code, expected) => {
  expect(body(code)).toBe(inTest(expected))
})

test.each([
  ["a statement", "if (a) b() // => 1", "docs/page.md:2: only an expression or `const name = expression`"],
  ["no value", "a // =>", "docs/page.md:2: there is no value"],
  ["no expression", "import a from 'a'\n// => 1", "docs/page.md:3: there is no expression"],
  ["an import without an end", "a\nimport {", "docs/page.md:3: this import never ends"]
])("an assertion on %s is refused with its line", (_, code, message) => {
  expect(() => body(code)).toThrow(message)
})

test("leading imports stay on their lines, later ones move before the test", () => {
  const code = 'import a from "a"\na()\nimport {\n  b\n} from "b" // why'
  const [fence] = read(fenced(code))
  const [head, ...lines] = testOf(fence!).source.split("\n")
  expect(head).toMatch(/; import \{ {3}b \} from "b" $/)
  expect(lines.slice(0, 5)).toEqual(['import a from "a"', 'test("docs/page.md:1", async () => { a()', "", "", ""])
})

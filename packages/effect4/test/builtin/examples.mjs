// Writes the documentation examples of Effect's own breaker, as installed, to .builtin: run by doctest.ts with `make` and `layer` of
// BuiltinBreaker in the place of its own, they show that code written for it runs on Truce.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const effect = join(dirname(fileURLToPath(import.meta.resolve("effect/package.json"))), "src")
const out = ".builtin"
const title = /\*\*Example\*\* \(([^)]+)\)/

rmSync(out, { recursive: true, force: true })
mkdirSync(out)
for (const file of ["persistence/CircuitBreaker.ts", "http/HttpClient.ts"]) {
  const found = new Map(examples(readFileSync(join(effect, file), "utf8")))
  const guarded = [...found].filter(([, code]) => code.includes("CircuitBreaker"))
  if (guarded.length === 0) throw new Error(`no example of a circuit breaker in ${file}`)
  const name = `effect.${file.replaceAll("/", ".").replace(/\.ts$/, "")}.md`
  writeFileSync(
    join(out, name),
    guarded.map(([head, code]) => `# ${head}\n\n\`\`\`ts\n${onTruce(code)}\`\`\`\n`).join("\n")
  )
}

/** Overloads repeat the examples of what they overload: each title counts once. */
function* examples(source) {
  let head = "untitled"
  let lines
  for (const raw of source.split("\n")) {
    const line = raw.replace(/^\s*\* ?/, "")
    head = title.exec(line)?.[1] ?? head
    if (/^```ts\b/.test(line)) lines = []
    else if (line === "```" && lines !== undefined) {
      yield [head, `${lines.join("\n")}\n`]
      lines = undefined
    } else lines?.push(line)
  }
}

function onTruce(code) {
  return code.replace(/^import \{([^}]*)\} from "effect\/persistence"$/m, (_, names) => {
    const others = names
      .split(",")
      .map((name) => name.trim())
      .filter((name) => name !== "CircuitBreaker")
    const ours = `import * as CircuitBreaker from "../test/builtin/OnTruce.ts"`
    return others.length === 0 ? ours : `${ours}\nimport { ${others.join(", ")} } from "effect/persistence"`
  })
}

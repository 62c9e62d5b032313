import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it } from "@effect/vitest"

/** The declarations that the compiler writes for a file of someone who uses the package. */
const declared = (file: string): string => {
  const out = mkdtempSync(join(tmpdir(), "truce-declared-"))
  try {
    const language = ["--strict", "--module", "nodenext", "--target", "es2022", "--lib", "es2023", "--types", "node"]
    const output = ["--emitDeclarationOnly", "--declaration", "--rootDir", "../..", "--outDir", out]
    const flags = ["--ignoreConfig", "--skipLibCheck", "--allowImportingTsExtensions", ...language, ...output]
    execFileSync("node_modules/.bin/tsc", [join("test", file), ...flags], { stdio: "pipe" })
    return readFileSync(join(out, "packages/effect4/test", file.replace(/ts$/, "d.ts")), "utf8")
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

it("an editor names the errors of what is protected, not the type that works them out", () => {
  const text = declared("declared.ts")
  expect(text.match(/RetryExhausted<Timeout>/g)).toHaveLength(2)
  expect(text).toMatch(/RetryExhausted<.*HttpClientError/)
  expect(text).not.toMatch(/Protected<|Retried</)
})

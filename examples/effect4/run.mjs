// Runs every numbered program in src; each ends in an assertion, so exit code 0 means that it told the truth.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"

const programs = existsSync("src")
  ? readdirSync("src")
      .filter((file) => /^\d\d-.*\.ts$/.test(file))
      .sort()
  : []
if (programs.length === 0) console.log("no examples yet: add src/01-name.ts")

const width = Math.max(0, ...programs.map((file) => file.length))
let failed = 0
for (const file of programs) {
  const start = performance.now()
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [`src/${file}`], {
    encoding: "utf8",
    timeout: 60_000
  })
  const ms = `${Math.round(performance.now() - start)} ms`.padStart(8)
  const ok = status === 0
  console.log(`${ok ? "ok    " : "FAILED"}  ${file.padEnd(width)}  ${ms}`)
  if (ok) continue
  failed++
  console.log(`${stdout}${stderr}${signal === null ? `exit code ${status}` : `ended by ${signal}`}`)
}
if (failed > 0) {
  console.log(`${failed} of ${programs.length} examples failed`)
  process.exitCode = 1
}

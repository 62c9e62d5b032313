import { spawnSync } from "node:child_process"
import { expect, test } from "vitest"
import { root } from "../src/workspace.ts"

const start = (program: string, argument: string) =>
  spawnSync("node", [`tools/src/${program}.ts`, argument], { cwd: root, encoding: "utf8" })

test.each(["doctest", "examples", "options", "size", "structure", "tarballs", "twin", "types"])(
  "%s explains itself and refuses what it does not know",
  (program) => {
    const asked = start(program, "--help")
    expect(asked).toMatchObject({ status: 0, stderr: "" })
    expect(asked.stdout).toContain(`tools/src/${program}.ts`)
    const wrong = start(program, "--nope")
    expect(wrong).toMatchObject({ status: 1, stdout: "" })
    expect(wrong.stderr).toContain("--nope")
  }
)

test("the tables of options in the pages are those of the code", () => {
  expect(start("options", "--check")).toMatchObject({ status: 0, stderr: "" })
})

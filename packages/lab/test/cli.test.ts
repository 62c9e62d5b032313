import { Effect } from "effect"
import { spawn } from "node:child_process"
import { readFileSync, readdirSync } from "node:fs"
import { watch } from "node:fs/promises"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { optionsFirst } from "../src/cli/Argv.ts"
import * as Progress from "../src/cli/Progress.ts"
import type { Walkthrough } from "../src/Walkthrough.ts"
import { catalogue } from "./catalogue.ts"
import { lab, temporary } from "./terminal.ts"

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

const start = (script: string, args: ReadonlyArray<string>, env: NodeJS.ProcessEnv = {}) => {
  const child = spawn(process.execPath, [file(script), ...args], { env: { ...process.env, NO_COLOR: "1", ...env } })
  const said = { out: "", err: "" }
  child.stdout.on("data", (chunk) => (said.out += chunk))
  child.stderr.on("data", (chunk) => (said.err += chunk))
  const ended = new Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, ...said }))
  )
  return { child, ended }
}

describe("list", () => {
  it("shows scenarios, flaws, designs and metrics, aligned", async () => {
    const { out } = await lab(["list"])
    expect(out).toMatch(/^outage {10,}Outage$/m)
    expect(out).toMatch(/^opens {10,}It opens$/m)
    expect(out).toMatch(/^breaker {9,}Opens after five failures$/m)
    expect(out).toMatch(/^absorbed {8,}attempts that reached/m)
  })
})

describe("show", () => {
  const walkthrough: Walkthrough = {
    name: "steps",
    title: "It counts",
    claim: "A seed counts.",
    truce: "Truce does not.",
    seed: Effect.succeed({ happens: true, text: "it counted to 1", steps: ["one"] }),
    sound: Effect.succeed({ happens: false, text: "it counted to 0", steps: ["none"] })
  }
  const module = new URL("./catalogue.ts", import.meta.url).href

  it("tells the steps of the seed and of Truce, and whether the flaw happens", async () => {
    const { out } = await lab(["show", "steps"], { catalogue, module, walkthroughs: [walkthrough] })
    expect(out).toMatch(/^The seed\n {2}one\nIt happens: it counted to 1$/m)
    expect(out).toMatch(/^Truce\n {2}none\nIt does not happen: it counted to 0$/m)
  })

  it("names the nearest for a name that is none", async () => {
    const { err } = await lab(["show", "stops"], { catalogue, module, walkthroughs: [walkthrough] })
    expect(err).toMatch(/no walkthrough is named "stops"\. Nearest: steps/)
  })
})

describe("run", () => {
  it("shows counts, a timeline and every metric", async () => {
    const { out } = await lab(["run", "outage", "breaker", "--seed", "3"])
    expect(out).toMatch(/^Outage, Opens after five failures, seed 3$/m)
    expect(out).toMatch(/^total +\d+/m)
    expect(out).toMatch(/^circuit +─+█+─+/m)
    expect(out).toMatch(/^absorbed +5 /m)
  })

  it("tells the events, and whether a flaw happens", async () => {
    const { out } = await lab(["run", "opens", "breaker", "--trace"])
    expect(out).toMatch(/ms {2}call 1 +Settled +attempt 1, outcome Failure/)
    expect(out).toMatch(/circuit 0\.0 +Transitioned +from Closed, to Open/)
    expect(out).toMatch(/It opens: it happens\. It opened 1 times\./)
  })

  it("writes the time series as CSV and everything as JSON", async () => {
    const csv = temporary("run.csv")
    const json = temporary("run.json")
    await lab(["run", "outage", "breaker", "--csv", csv, "--json", json])
    const rows = readFileSync(csv, "utf8").trim().split("\n")
    const { buckets, trace } = JSON.parse(readFileSync(json, "utf8"))
    expect(rows[0]).toBe("from_ms,until_ms,offered,ok,absorbed,failed,status,score")
    expect(rows.length - 1).toBe(buckets.length)
    expect(trace).toBeUndefined()
  })
})

describe("compare", () => {
  const files = async (jobs: string) => {
    const json = temporary("runs.json")
    const csv = temporary("runs.csv")
    const { out } = await lab(["compare", "--seeds", "3", "--jobs", jobs, "--json", json, "--csv", csv])
    return { out, json: readFileSync(json, "utf8"), csv: readFileSync(csv, "utf8") }
  }

  it("gives the same bytes on one thread and on two", async () => {
    const one = await files("1")
    expect(await files("2")).toEqual(one)
    expect(one.csv.trim().split("\n").length).toBe(1 + 2 * 2 * 3)
    expect(JSON.parse(one.json)).toMatchObject({ partial: false, planned: 12, done: 12, seeds: [1, 2, 3] })
  })

  it("takes the median and the extremes, and says never for what never came", async () => {
    const { json, out } = await files("2")
    const { cells, runs } = JSON.parse(json)
    const cell = cells.find((one: { design: string }) => one.design === "breaker")
    const seen = runs
      .filter((run: { design: string; scenario: string }) => run.design === "breaker" && run.scenario === "outage")
      .map((run: { wasted: number }) => run.wasted)
      .sort((a: number, b: number) => a - b)
    expect(cell.metrics.wasted).toEqual({ runs: 3, low: seen[0], median: seen[1], high: seen[2] })
    expect(out).toMatch(/^retry-only +.* never /m)
    expect(cells[0].metrics.absorbed.median).toBeNull()
  })

  it("chooses by name and by glob, and shows a metric as scenarios by designs", async () => {
    const { out } = await lab([
      "compare",
      "--scenario",
      "brown*",
      "--design",
      "breaker",
      "--metric",
      "wasted",
      "--seeds",
      "1"
    ])
    expect(out).toMatch(/^scenario +breaker$/m)
    expect(out).toMatch(/^brownout-30 +\d+$/m)
    expect(out).not.toMatch(/^outage/m)
  })

  it("keeps what is done when it is stopped, and says that it is partial", async () => {
    const json = temporary("partial.json")
    const csv = temporary("partial.csv")
    const stuck = temporary("stuck")
    const reached = watch(dirname(stuck))[Symbol.asyncIterator]().next()
    const args = ["compare", "--scenario", "outage", "--design", "breaker", "--seeds", "9", "--jobs", "1"]
    const { child, ended } = start("stuck.ts", [...args, "--json", json, "--csv", csv], { STUCK: stuck })
    await reached
    child.kill("SIGINT")
    const { code, err } = await ended
    expect(code).toBe(130)
    expect(err).toMatch(/Stopped after 2 of 9 runs: the results are partial/)
    const written = JSON.parse(readFileSync(json, "utf8"))
    expect(written).toMatchObject({ partial: true, planned: 9, done: 2 })
    expect(written.runs.map((run: { seed: number }) => run.seed)).toEqual([1, 2])
    expect(
      readFileSync(csv, "utf8")
        .trim()
        .split("\n")
        .slice(1)
        .every((row) => row.endsWith(",true"))
    ).toBe(true)
    expect(readdirSync(dirname(json))).toEqual(["partial.json"])
  })
})

describe("a mistake", () => {
  it("in a name is answered with the nearest", async () => {
    const { err, succeeded } = await lab(["run", "outge", "breaker"])
    expect(succeeded).toBe(false)
    expect(err).toMatch(/no scenario is named "outge"\. Nearest: outage, /)
    expect((await lab(["compare", "--design", "retry"])).err).toMatch(
      /no design is named "retry"\. Nearest: retry-only/
    )
  })

  it("in an option names it and its rule", async () => {
    const { err } = await lab(["compare", "--seeds", "0"])
    expect(err).toMatch(/--seeds: expected a whole number from 1 to 10000/)
    expect(err).toMatch(/--help explains every option/)
  })

  it("in a path is found before the runs", async () => {
    const { err, succeeded } = await lab(["compare", "--json", dirname(temporary("x"))])
    expect(succeeded).toBe(false)
    expect(err).toMatch(/--json: .* is a folder/)
  })

  it("is exit code 1 and is told on stderr", async () => {
    const { code, err, out } = await start("main.ts", ["run", "outage", "braker"]).ended
    expect({ code, out }).toEqual({ code: 1, out: "" })
    expect(err).toBe('no design is named "braker". Nearest: breaker, retry-only. "list" shows all.\n')
  })
})

describe("the process", () => {
  it("ends well, and complains of nothing", async () => {
    const { code, err, out } = await start("main.ts", ["compare", "--seeds", "2"]).ended
    // A slow machine is told of the progress now and then.
    const complaints = err.split("\n").filter((line) => line !== "" && !line.startsWith("["))
    expect({ code, complaints }).toEqual({ code: 0, complaints: [] })
    expect(out).toMatch(/^breaker/m)
  })

  it("explains each command with examples", async () => {
    const commands = ["list", "run", "compare", "headline", "report", "replay", "docs"]
    const helps = await Promise.all(commands.map((command) => lab([command, "--help"])))
    helps.forEach(({ out }, index) => expect(out, commands[index]).toMatch(/EXAMPLES[\s\S]*pnpm lab/))
  })
})

describe("an argument list", () => {
  it("has its options before its arguments, in their order", () => {
    expect(optionsFirst(["node", "lab", "run", "a", "--seed", "3", "b", "--trace", "--json=x"]).slice(2)).toEqual([
      "run",
      "--seed",
      "3",
      "--trace",
      "--json=x",
      "a",
      "b"
    ])
    expect(optionsFirst(["node", "lab", "replay", "--", "--odd-name"]).slice(2)).toEqual(["replay", "--", "--odd-name"])
    expect(optionsFirst(["node", "lab", "--help"]).slice(2)).toEqual(["--help"])
  })
})

describe("progress", () => {
  it("is a bar, what is done, and the time left", () => {
    expect(Progress.render({ share: 0.5, done: "2 of 4 runs" }, 10_000)).toBe(
      `[${"#".repeat(15)}${".".repeat(15)}]  50 %  2 of 4 runs, 10 s left`
    )
    expect(Progress.render({ share: 0, done: "0 of 4 runs" }, 0)).toMatch(/0 of 4 runs$/)
  })
})

import { execFileSync } from "node:child_process"
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import * as Replay from "../src/Replay.ts"
import { lab, temporary } from "./terminal.ts"

const sample = (name: string): string => fileURLToPath(new URL(`../samples/${name}`, import.meta.url))
const log = readFileSync(sample("events.ndjson"), "utf8")

const write = (text: string): string => {
  const path = temporary("log.ndjson")
  writeFileSync(path, text)
  return path
}

const replay = (text: string, options: Omit<Replay.Options, "descriptor" | "policy"> = {}): Replay.Result => {
  const descriptor = openSync(write(text), "r")
  try {
    return Replay.replay({ descriptor, policy: {}, ...options })
  } finally {
    closeSync(descriptor)
  }
}

describe("the sample", () => {
  it("is what its recorder writes", () => {
    expect(execFileSync(process.execPath, [sample("record.ts")], { encoding: "utf8" })).toBe(log)
  })

  it("is judged by another policy", async () => {
    const json = temporary("judged.json")
    const { err, out, succeeded } = await lab([
      "replay",
      sample("events.ndjson"),
      "--policy",
      sample("policy.yaml"),
      "--json",
      json
    ])
    expect({ succeeded, err }).toEqual({ succeeded: true, err: "" })
    expect(out).toMatch(/^26 of 253 attempts rejected: 22 failures spared, 4 answers lost/)
    expect(out).toMatch(/^payments +121 +17 /m)
    const written = JSON.parse(readFileSync(json, "utf8"))
    expect(written).toMatchObject({ partial: false, lines: 792, events: 792, malformed: 0 })
    expect(written.keys).toHaveLength(2)
  })

  it("is judged by the defaults without a policy", async () => {
    const { out } = await lab(["replay", sample("events.ndjson")])
    expect(out).toMatch(/^1 of 253 attempts rejected/)
  })
})

describe("a log", () => {
  it("with malformed lines is judged without them; they are counted, and the first is named", async () => {
    const lines = log.trimEnd().split("\n")
    const path = write(
      [...lines.slice(0, 2), "{ nonsense", '{"_tag":"Admitted","key":3}', ...lines.slice(2)].join("\n")
    )
    const { err, out, succeeded } = await lab(["replay", path])
    expect(succeeded).toBe(true)
    expect(out).toMatch(/^1 of 253 attempts rejected/)
    expect(err).toMatch(/2 lines left out; the first is line 3: not JSON/)
    expect(replay('{"_tag":"Admitted","key":3}').firstMalformed?.reason).toMatch(/^not an event: key: /)
  })

  it("whose time runs backwards says so, and where", () => {
    expect(replay(log).backwards).toBe(0)
    const twice = replay(log + log)
    expect(twice).toMatchObject({ backwards: 1, firstBackwards: { line: 793 } })
  })

  it("is the same in any chunks: a line may end in the next one, within a character too", () => {
    const long = log.replaceAll("users-api", "użytkownicy-ż")
    const repeats = Math.ceil(700_000 / Buffer.byteLength(long))
    const { events, lines, malformed, report } = replay(long.repeat(repeats))
    expect({ events, lines, malformed }).toEqual({ events: 792 * repeats, lines: 792 * repeats, malformed: 0 })
    expect(report.keys.map(({ key }) => key).sort()).toEqual(["payments", "użytkownicy-ż"])
  })

  it("that is stopped is judged as far as it was read", () => {
    let asked = 0
    const { lines, partial } = replay(log, { isStopped: () => ++asked > 100 })
    expect({ lines, partial }).toEqual({ lines: 100, partial: true })
  })

  it("that is empty, or has no last newline, is no mistake", () => {
    expect(replay("")).toMatchObject({ lines: 0, partial: false, malformed: 0 })
    expect(replay(log.trimEnd()).events).toBe(792)
  })
})

describe("a mistake", () => {
  it("in the policy names the setting", async () => {
    const policy = write("circuit: { openFor: soon }")
    const { err, succeeded } = await lab(["replay", sample("events.ndjson"), "--policy", policy])
    expect(succeeded).toBe(false)
    expect(err).toMatch(/--policy .*circuit\.openFor: .*a duration such as/)
  })

  it("in the name of the log is told", async () => {
    const { err, succeeded } = await lab(["replay", temporary("no.ndjson")])
    expect(succeeded).toBe(false)
    expect(err).toMatch(/no\.ndjson/)
  })
})

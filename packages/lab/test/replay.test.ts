import { execFileSync } from "node:child_process"
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
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

/** The sample so many times, one night after the other: no attempt has the number of another. */
const nights = (count: number): string => {
  const events: ReadonlyArray<Record<string, unknown>> = log
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
  const night = 86_400_000
  return Array.from({ length: count }, (_, index) =>
    events
      .map((event) => {
        const moved: Record<string, unknown> = { ...event }
        for (const time of ["at", "startedAt", "until"]) {
          if (typeof event[time] === "number") moved[time] = event[time] + index * night
        }
        if (typeof event.attempt === "number") moved.attempt = event.attempt + index * 1_000_000
        return `${JSON.stringify(moved)}\n`
      })
      .join("")
  ).join("")
}

describe("the memory of a replay", () => {
  it("does not grow with the log: not by a byte a line", () => {
    setFlagsFromString("--expose-gc")
    const collect: unknown = runInNewContext("gc")
    if (typeof collect !== "function") throw new Error("this engine cannot be asked to collect")
    const heaps: Array<number> = []
    const path = write(nights(40))
    const descriptor = openSync(path, "r")
    const { events, report } = Replay.replay({
      descriptor,
      policy: {},
      onProgress: () => {
        Reflect.apply(collect, undefined, [])
        heaps.push(process.memoryUsage().heapUsed)
      }
    })
    closeSync(descriptor)
    expect({ events, attempts: report.keys.map(({ attempts }) => attempts) }).toEqual({
      events: 31_680,
      attempts: [5_280, 4_840]
    })
    // What is compiled on the first lines is no part of the log.
    const [, , early = 0] = heaps
    expect(heaps.length).toBeGreaterThan(10)
    expect((heaps.at(-1) ?? Infinity) - early).toBeLessThan(31_680)
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

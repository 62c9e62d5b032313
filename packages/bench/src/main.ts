/** The benchmark: measures, prints tables, and says which targets are met. */
import { closeSync, openSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"
import * as Machine from "./Machine.ts"
import * as Memory from "./Memory.ts"
import * as Options from "./Options.ts"
import * as Overhead from "./Overhead.ts"
import { entries, find, nameOf } from "./Peers/Peers.ts"
import * as Report from "./Report.ts"
import { judge } from "./Targets.ts"
import * as Way from "./Way.ts"

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const fail = (message: string): void => {
  process.stderr.write(`${message}\nTry --help.\n`)
  process.exitCode = 1
}

/** Progress on one line of a terminal, and nowhere else. */
const progress =
  (part: string) =>
  (done: number, of: number): void => {
    if (!process.stderr.isTTY) return
    process.stderr.write(done < of ? `\r${part}: ${Math.round((100 * done) / of)} % ` : "\r\u001b[K")
  }

const bench = async ({ isQuick, json, only }: Extract<Options.Options, { readonly _tag: "Bench" }>): Promise<void> => {
  if (globalThis.gc === undefined) return fail("node needs --expose-gc: pnpm bench gives it")
  // A package manager runs this in a folder of its own and tells here where the user is.
  const target = json === undefined ? undefined : resolve(process.env["INIT_CWD"] ?? ".", json)
  // Found before the run, so that a file that cannot be written costs no minutes.
  if (target !== undefined && !isWritable(target)) return fail(`--json: cannot write ${target}`)
  const machine = Machine.read()
  say(`${Machine.text(machine)}\n`)
  const overheads: Array<Overhead.Overhead> = []
  const memories: Array<Memory.Memory> = []
  for (const part of only) {
    process.stderr.write(process.stderr.isTTY ? "" : `${part} ...\n`)
    if (part === "memory") {
      memories.push(...(await Memory.run(isQuick ? [100_000] : [100_000, 1_000_000], progress(part))))
      say(`${Report.memory(memories)}\n`)
    } else {
      const found = await Overhead.run(part, isQuick ? quick : thorough, progress(part))
      overheads.push(...found)
      say(`${Report.overhead(part, found)}\n`)
    }
  }
  const targets = judge({ overheads, memories })
  say(Report.targets(targets))
  if (target !== undefined) {
    writeFileSync(target, `${JSON.stringify({ machine, isQuick, overheads, memories, targets }, null, 2)}\n`)
  }
}

const isWritable = (path: string): boolean => {
  try {
    closeSync(openSync(path, "a"))
    return true
  } catch {
    return false
  }
}

const quick = { rounds: 7, sliceMillis: 4 }
const thorough = { rounds: 25, sliceMillis: 10 }

const single = async ({ count, isWay, name }: Extract<Options.Options, { readonly _tag: "Case" }>): Promise<void> => {
  const prepare = find(name)
  if (prepare === undefined) {
    return fail(`--case: there is no "${name}"; there are\n  ${entries.map(nameOf).join("\n  ")}`)
  }
  const run = await prepare()
  if (isWay) say(Way.text(name, await Way.of(run, count)))
  else await run(count)
}

const options = Options.parse(process.argv.slice(2))
switch (options._tag) {
  case "Help":
    say(Options.help)
    break
  case "Wrong":
    fail(options.message)
    break
  case "Case":
    await single(options)
    break
  case "Bench":
    await bench(options)
}
// Breakers with timers of their own would keep the process.
process.exit()

/** The command line in this process, on the small catalogue, with what it prints. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Console, Effect, Exit } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { main } from "../src/cli/Cli.ts"
import { Lab } from "../src/cli/Lab.ts"
import { catalogue } from "./catalogue.ts"

export interface Said {
  readonly succeeded: boolean
  readonly out: string
  readonly err: string
}

const small = { catalogue, module: new URL("./catalogue.ts", import.meta.url).href, walkthroughs: [] }

// Colors are of the terminal that runs the tests.
// oxlint-disable-next-line no-control-regex
const plain = (lines: ReadonlyArray<string>): string => lines.join("\n").replaceAll(/\u001B\[[\d;]*m/g, "")

export const lab = async (args: ReadonlyArray<string>, service: Lab["Type"] = small): Promise<Said> => {
  const out: Array<string> = []
  const err: Array<string> = []
  const console = {
    ...globalThis.console,
    log: (...words: ReadonlyArray<unknown>) => void out.push(words.join(" ")),
    error: (...words: ReadonlyArray<unknown>) => void err.push(words.join(" "))
  }
  const exit = await main(["node", "lab", ...args]).pipe(
    Effect.provideService(Lab, service),
    Effect.provide(NodeContext.layer),
    Effect.withConsole({
      [Console.TypeId]: Console.TypeId,
      unsafe: console,
      assert: () => Effect.void,
      clear: Effect.void,
      count: () => Effect.void,
      countReset: () => Effect.void,
      debug: () => Effect.void,
      dir: () => Effect.void,
      dirxml: () => Effect.void,
      error: (...words) => Effect.sync(() => console.error(...words)),
      group: () => Effect.void,
      groupEnd: Effect.void,
      info: () => Effect.void,
      log: (...words) => Effect.sync(() => console.log(...words)),
      table: () => Effect.void,
      time: () => Effect.void,
      timeEnd: () => Effect.void,
      timeLog: () => Effect.void,
      trace: () => Effect.void,
      warn: () => Effect.void
    }),
    Effect.runPromiseExit
  )
  return { succeeded: Exit.isSuccess(exit), out: plain(out), err: plain(err) }
}

/** A path in a folder of its own. */
export const temporary = (name: string): string => join(mkdtempSync(join(tmpdir(), "truce-lab-")), name)

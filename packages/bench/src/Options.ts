/** The command line. */
import { parseArgs } from "node:util"

export const parts = ["overhead", "fibers", "scaling", "memory"] as const

export type Part = (typeof parts)[number]

export type Options =
  | { readonly _tag: "Help" }
  | { readonly _tag: "Wrong"; readonly message: string }
  | { readonly _tag: "Case"; readonly name: string; readonly count: number; readonly isWay: boolean }
  | {
      readonly _tag: "Bench"
      readonly only: ReadonlyArray<Part>
      readonly isQuick: boolean
      readonly json: string | undefined
    }

export const help = `What a protected call costs: Truce on Effect 3 and Effect 4, Effect 4.1's own breaker, cockatiel and opossum, in one run.

  pnpm bench [--quick] [--only PART]... [--json FILE]
  pnpm bench --case NAME --count N
  pnpm bench --case NAME --way

  --quick       fewer rounds and keys: under a minute
  --only PART   ${parts.join(", ")}; may be given more than once
  --json FILE   writes the figures to a file too
  --case NAME   only makes calls, for a profiler: NAME is LIBRARY/SCENARIO, with ":bare" after it for the same without a breaker
  --count N     how many calls --case makes
  --way         prints the files of ours that one call of --case visits, with the functions that run
  --help        this text`

export const parse = (args: ReadonlyArray<string>): Options => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        case: { type: "string" },
        count: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
        json: { type: "string" },
        only: { type: "string", multiple: true },
        quick: { type: "boolean", default: false },
        way: { type: "boolean", default: false }
      }
    })
    if (values.help) return { _tag: "Help" }
    if (values.case !== undefined) {
      return values.way && values.count === undefined
        ? { _tag: "Case", name: values.case, count: 1, isWay: true }
        : single(values.case, values.count)
    }
    if (values.count !== undefined) return wrong("--count is for --case alone")
    if (values.way) return wrong("--way is for --case alone")
    const only: Array<Part> = []
    for (const name of values.only ?? []) {
      const part = parts.find((known) => known === name)
      if (part === undefined) return wrong(`--only: expected ${parts.join(", ")}, got "${name}"`)
      only.push(part)
    }
    return { _tag: "Bench", only: only.length === 0 ? parts : only, isQuick: values.quick, json: values.json }
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
}

const single = (name: string, count: string | undefined): Options => {
  if (count === undefined) return wrong("--case: --count N is missing")
  const calls = Number(count)
  return Number.isSafeInteger(calls) && calls > 0
    ? { _tag: "Case", name, count: calls, isWay: false }
    : wrong(`--count: expected a whole number greater than 0, got "${count}"`)
}

const wrong = (message: string): Options => ({ _tag: "Wrong", message })

/** The tables of options in the pages, from the table of options in the core. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Option, Tables } from "../../packages/core/src/index.ts"
import { commandLine, run } from "./commandLine.ts"
import { root } from "./workspace.ts"

const help = `The tables of options in the pages, between their markers, from the table in packages/core/src/options/Tables.ts.

  node tools/src/options.ts            writes them
  node tools/src/options.ts --check    writes nothing: fails if one is stale`

const { values } = commandLine(help, { options: { check: { type: "boolean" } } })

const { attempts, ...call } = Tables.call

const pages: Readonly<Record<string, Readonly<Record<string, Option.Table>>>> = {
  "docs/circuit-breaker.md": { circuit: Tables.circuit, "slow-start": Tables.slowStart },
  "docs/retry.md": { retry: { attempts, ...Tables.backoff, ...call } }
}

/** A default as it is written in code. */
const defaultOf = (option: Option.Option): string => {
  switch (option.kind) {
    case "choice":
      return `\`"${option.choices[0]}"\``
    case "switch":
      return "false"
    case "times":
      return "none"
    case "time":
      return option.default === undefined || option.default === Infinity ? "none" : durationOf(option.default)
    case "amount":
      return option.default === undefined ? "none" : String(option.default)
  }
}

/** As a program writes it. */
const durationOf = (millis: number): string => {
  const [size, unit] =
    millis % 60_000 === 0 ? [60_000, "minute"] : millis % 1_000 === 0 ? [1_000, "second"] : [1, "milli"]
  return `${millis / size} ${unit}${millis === size ? "" : "s"}`
}

const ruleOf = (option: Option.Option): string => {
  switch (option.kind) {
    case "choice":
      return option.choices.map((choice) => `\`"${choice}"\``).join(" or ")
    case "switch":
      return "true, false or its options"
    case "times":
      return `a list, each ${bareOf(option)}`
    case "time":
      return bareOf(option)
    case "amount":
      return option.rule.text
  }
}

/** Of a length of time: it is no number in a binding. */
const bareOf = ({ rule }: Option.Time | Option.Times): string => rule.text.replace(/^a finite number (of )?/, "")

const tableOf = (table: Option.Table): string =>
  [
    "| option | default | must be | meaning |",
    "| --- | --- | --- | --- |",
    ...Object.entries(table).map(
      ([name, option]) => `| \`${name}\` | ${defaultOf(option)} | ${ruleOf(option)} | ${option.text} |`
    )
  ].join("\n")

await run(() => {
  const stale: Array<string> = []
  for (const [page, tables] of Object.entries(pages)) {
    const path = join(root, page)
    const before = readFileSync(path, "utf8")
    let text = before
    for (const [name, table] of Object.entries(tables)) {
      const [begin, end] = [`<!-- options:${name} -->`, `<!-- /options:${name} -->`]
      const from = text.indexOf(begin)
      const to = text.indexOf(end)
      if (from < 0 || to < from) throw new Error(`${page}: no place between ${begin} and ${end}`)
      text = `${text.slice(0, from + begin.length)}\n<!-- prettier-ignore -->\n${tableOf(table)}\n\n${text.slice(to)}`
    }
    if (text === before) continue
    if (values.check === true) stale.push(page)
    else writeFileSync(path, text)
  }
  if (stale.length > 0) throw new Error(`${stale.join(", ")}: not what the table says. "pnpm options" writes it anew.`)
})

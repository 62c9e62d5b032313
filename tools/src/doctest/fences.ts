/** A `ts` fence: an example of the documentation. */
export interface Fence {
  /** The file it is in, from the root of the repository. */
  readonly name: string
  /** The number of the line that opens it: `lines[i]` is on line `line + 1 + i`. */
  readonly line: number
  readonly lines: ReadonlyArray<string>
  /** Else it is only type-checked. */
  readonly run: boolean
}

interface Open extends Fence {
  readonly lines: Array<string>
  readonly indent: string
  readonly ticks: number
  readonly ts: boolean
}

/** The `ts` fences of a Markdown file, or of the doc comments of a module. */
export const fences = (name: string, text: string): ReadonlyArray<Fence> => {
  const found: Array<Fence> = []
  const prefix = name.endsWith(".ts") ? /^\s*\* ?/ : /^/
  let open: Open | undefined
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const comment = prefix.test(raw)
    const line = raw.replace(prefix, "")
    const [fence, indent = "", ticks = "", info = ""] = (comment ? /^(\s*)(`{3,})\s*(.*?)\s*$/.exec(line) : null) ?? []
    if (open !== undefined) {
      if (!comment) fail(open, open.line, "this fence is never closed")
      if (fence !== undefined && ticks.length >= open.ticks && info === "") {
        if (open.ts) found.push({ name, line: open.line, lines: open.lines, run: open.run })
        open = undefined
      } else open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line.trimStart())
    } else if (fence !== undefined) {
      const [language, ...flags] = info.split(/\s+/)
      const ts = language === "ts"
      open = { name, line: index + 1, indent, ticks: ticks.length, ts, lines: [], run: flags.length === 0 }
      if (ts && !open.run && flags.join(" ") !== "no-run") fail(open, open.line, `unknown flag "${flags.join(" ")}"`)
    }
  }
  if (open !== undefined) fail(open, open.line, "this fence is never closed")
  return found
}

export const fail = (fence: Fence, line: number, message: string): never => {
  throw new Error(`${fence.name}:${line}: ${message}`)
}

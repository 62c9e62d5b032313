/** A made file: its first line says from what it was made, so that one that is out of date, or was edited by hand, is known. */
import { createHash } from "node:crypto"

export interface Header {
  /** The file it was made from. */
  readonly source: string
  /** Of that file, the rules and the program. */
  readonly input: string
  /** Of all that follows the first line. */
  readonly output: string
}

export const hash = (...parts: ReadonlyArray<string>): string =>
  parts
    .reduce((sum, part) => sum.update(part).update("\0"), createHash("sha256"))
    .digest("hex")
    .slice(0, 16)

const line = /^\/\/ Made from (\S+) by tools\/src\/twin\.ts: edit that file\. (\w+) (\w+)$/

export const withHeader = (source: string, input: string, code: string): string =>
  `// Made from ${source} by tools/src/twin.ts: edit that file. ${input} ${hash(code)}\n${code}`

/** The header of a made file; nothing for one that was written by hand. */
export const headerOf = (text: string): Header | undefined => {
  const [, source, input, output] = line.exec(text.slice(0, Math.max(0, text.indexOf("\n")))) ?? []
  return source && input && output ? { source, input, output } : undefined
}

export const isEdited = (text: string, header: Header): boolean =>
  hash(text.slice(text.indexOf("\n") + 1)) !== header.output

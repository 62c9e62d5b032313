/** Lines of styled text that know their width, so that they can be aligned and cut before the colors are added. */
import { styleText } from "node:util"

export type Style = Parameters<typeof styleText>[0]

export interface Segment {
  readonly text: string
  readonly style?: Style | undefined
}

export type Line = ReadonlyArray<Segment>

export const text = (text: string, style?: Style): Segment => ({ text, style })

export const start = (segment: Segment, width: number): Segment => ({ ...segment, text: segment.text.padEnd(width) })
export const right = (segment: Segment, width: number): Segment => ({ ...segment, text: segment.text.padStart(width) })

export const width = (line: Line): number => line.reduce((sum, segment) => sum + segment.text.length, 0)

/** The line as the terminal takes it, at most `columns` wide. Colors are left out where the terminal or NO_COLOR says so. */
export const render = (line: Line, columns = Infinity): string => {
  let room = columns
  return line
    .map((segment) => {
      const shown = segment.text.slice(0, Math.max(0, room))
      room -= segment.text.length
      return segment.style === undefined ? shown : styleText(segment.style, shown)
    })
    .join("")
    .trimEnd()
}

/** Breaks a sentence between words into lines of at most `columns`. */
export const wrap = (sentence: string, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of sentence.split(" ")) {
    const last = lines.pop()
    if (last === undefined) lines.push(word)
    else if (last.length + 1 + word.length <= columns) lines.push(`${last} ${word}`)
    else lines.push(last, word)
  }
  return lines
}

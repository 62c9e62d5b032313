/** A table for the terminal: aligned, and styled where the terminal takes it. */
import { styleText } from "node:util"

export type Style = Parameters<typeof styleText>[0]

export interface Cell {
  readonly text: string
  readonly style?: Style
}

export interface Table {
  readonly head: ReadonlyArray<string>
  /** A row of one cell is a heading over the whole width. */
  readonly rows: ReadonlyArray<ReadonlyArray<Cell | string>>
  /** Columns from the left whose cells are words, not numbers. Default: 1. */
  readonly words?: number
}

const textOf = (cell: Cell | string): string => (typeof cell === "string" ? cell : cell.text)

/** Leaves colors out where the terminal, a pipe or NO_COLOR says so. */
const styled = (text: string, style: Style | undefined): string =>
  style === undefined || text.trim() === "" ? text : styleText(style, text)

export const bold = (text: string): string => styled(text, "bold")
export const faint = (text: string): string => styled(text, "gray")

export const render = ({ head, rows, words = 1 }: Table): string => {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row.length === 1 ? 0 : textOf(row[column] ?? "").length)))
  )
  const line = (cells: ReadonlyArray<Cell | string>): string =>
    cells
      .map((cell, column) => {
        const text = textOf(cell)
        const width = widths[column] ?? 0
        // The last column of words has nothing to its right.
        const isLast = column === head.length - 1 && column < words
        const padded = isLast ? text : column < words ? text.padEnd(width) : text.padStart(width)
        return styled(padded, typeof cell === "string" ? undefined : cell.style)
      })
      .join("  ")
      .trimEnd()
  return [
    line(head.map((text): Cell => ({ text, style: "gray" }))),
    ...rows.map((row) => (row.length === 1 ? `\n${bold(textOf(row[0] ?? ""))}` : line(row)))
  ].join("\n")
}

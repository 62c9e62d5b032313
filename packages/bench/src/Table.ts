/** Text in aligned columns: the first to the left, the others to the right. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const columns = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  )
  const line = (row: ReadonlyArray<string>): string =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? ""
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join("   ")
      .trimEnd()
  const [head = [], ...rest] = rows
  return [line(head), widths.map((width) => "-".repeat(width)).join("   "), ...rest.map(line)].join("\n")
}

/** Figures worth three digits. */
export const number = (value: number | undefined): string => {
  if (value === undefined) return "-"
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

export const times = (value: number | undefined): string => (value === undefined ? "-" : `${number(value)} x`)

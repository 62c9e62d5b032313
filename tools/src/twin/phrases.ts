import type { Table, Used } from "./Table.ts"

/** Whole phrases only: a version or a name alone would make true sentences false ones. */
export const phrased = (text: string, table: Table, used: Used): string => {
  let result = text
  for (const [from, to] of Object.entries(table.phrases)) {
    if (!result.includes(from)) continue
    used.add(from)
    result = result.replaceAll(from, to)
  }
  return result
}

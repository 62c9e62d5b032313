/** Where the patterns of the table are found in a source. */
import type { SgNode } from "@ast-grep/napi"
import type { Pattern } from "./Table.ts"

export interface Match {
  readonly pattern: Pattern
  readonly start: number
  readonly end: number
  /** Whether a range is a part of the pattern's own text, and in none of its holes. */
  readonly isFixed: (start: number, end: number) => boolean
  /** What it becomes, its holes rendered in turn. */
  readonly text: (render: (from: number, to: number) => string) => string
}

type Range = readonly [start: number, end: number]

/** Of several patterns that match in one place the first one is taken. */
export const matchesOf = (root: SgNode, code: string, patterns: ReadonlyArray<Pattern>): ReadonlyArray<Match> => {
  const taken = new Set<number>()
  return patterns.flatMap((pattern) => {
    if (!code.includes(beginningOf(pattern))) return []
    return root.findAll(pattern.from).flatMap((node): ReadonlyArray<Match> => {
      const holes = holesOf(node, pattern)
      if (holes === undefined || taken.has(node.id())) return []
      taken.add(node.id())
      const start = node.range().start.index
      const end = node.range().end.index
      return [
        {
          pattern,
          start,
          end,
          isFixed: (from, to) =>
            from >= start &&
            to <= end &&
            !Array.from(holes.values()).some((hole) => hole && from >= hole[0] && to <= hole[1]),
          text: (render) =>
            pattern.to.replaceAll(/\$+(\w+)/g, (name, hole: string) => {
              const range = holes.get(hole)
              return range === undefined ? name : range === null ? "" : render(...range)
            })
        }
      ]
    })
  })
}

/** The name that a pattern begins with: a source without it need not be searched. */
const beginningOf = ({ from }: Pattern): string => /^[\w.]+/.exec(from)?.[0] ?? ""

/** Where each hole is, `null` for a list of nothing; none at all where a list is too short. */
const holesOf = (node: SgNode, { from, min = 0 }: Pattern): ReadonlyMap<string, Range | null> | undefined => {
  const holes = new Map<string, Range | null>()
  for (const [, dollars, name = ""] of from.matchAll(/(\$+)(\w+)/g)) {
    const one = dollars === "$" ? node.getMatch(name) : null
    const found = one === null ? node.getMultipleMatches(name) : [one]
    const named = found.filter((part) => part.isNamed() && !part.is("comment"))
    if (dollars !== "$" && named.length < min) return
    const first = found[0]
    const last = found.at(-1)
    holes.set(name, first && last ? [first.range().start.index, last.range().end.index] : null)
  }
  return holes
}

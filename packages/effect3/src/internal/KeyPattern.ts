/**
 * Values by key pattern, in which `*` stands for any characters: the exact key comes first, then the pattern with the most characters
 * of its own, then the one written first.
 */
export class KeyPattern<A> {
  private readonly entries: ReadonlyArray<Entry<A>>

  constructor(entries: ReadonlyArray<readonly [string, A]>) {
    this.entries = entries
      .map(([pattern, value]) => ({ pattern, value, matches: matcher(pattern), weight: weigh(pattern) }))
      .sort((left, right) => right.weight - left.weight)
  }

  static of<A>(values: { readonly [pattern: string]: A } = {}): KeyPattern<A> {
    return new KeyPattern(Object.entries(values))
  }

  /** What the most exact pattern says, and nothing else. */
  find(key: string): A | undefined {
    for (const entry of this.entries) if (entry.matches(key)) return entry.value
    return undefined
  }

  map<B>(f: (value: A, pattern: string) => B): KeyPattern<B> {
    return new KeyPattern(this.entries.map(({ pattern, value }) => [pattern, f(value, pattern)]))
  }
}

interface Entry<A> {
  readonly pattern: string
  readonly value: A
  readonly matches: (key: string) => boolean
  readonly weight: number
}

const weigh = (pattern: string): number => (pattern.includes("*") ? pattern.replaceAll("*", "").length : Infinity)

// Found part by part from the left, the last from the right: no backtracking, whatever the key.
const matcher = (pattern: string): ((key: string) => boolean) => {
  const [first = "", ...rest] = pattern.split("*")
  const last = rest.pop()
  if (last === undefined) return (key) => key === pattern
  return (key) => {
    if (!key.startsWith(first)) return false
    let at = first.length
    for (const part of rest) {
      const found = key.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return key.length - last.length >= at && key.endsWith(last)
  }
}

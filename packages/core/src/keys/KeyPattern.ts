/**
 * Values by key pattern: the options, rules or limits of some keys among many.
 *
 * @since 0.1.0
 */

/**
 * Values by key pattern, in which `*` stands for any characters: the exact key comes first, then the pattern with the most characters
 * of its own, then the one written first.
 *
 * **Example** (The most exact pattern counts alone)
 *
 * ```ts
 * import { KeyPattern } from "@truce/core"
 *
 * const limits = KeyPattern.KeyPattern.of({ "*": 1, "tenant-*": 2, "tenant-7": 3 })
 * limits.find("tenant-7") // => 3
 * limits.find("tenant-8") // => 2
 * limits.find("search") // => 1
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class KeyPattern<A> {
  private readonly entries: ReadonlyArray<readonly [string, A]>
  /** Found at once, however many tenants there are. */
  private readonly exact = new Map<string, A>()
  private readonly patterns: ReadonlyArray<Pattern<A>>

  constructor(entries: ReadonlyArray<readonly [string, A]>) {
    this.entries = entries
    const patterns: Array<Pattern<A>> = []
    for (const [pattern, value] of entries) {
      if (!pattern.includes("*")) this.exact.set(pattern, value)
      else patterns.push({ value, matches: matcher(pattern), weight: pattern.replaceAll("*", "").length })
    }
    this.patterns = patterns.sort((left, right) => right.weight - left.weight)
  }

  static of<A>(values: { readonly [pattern: string]: A } = {}): KeyPattern<A> {
    return new KeyPattern(Object.entries(values))
  }

  /** What the most exact pattern says, and nothing else. */
  find(key: string): A | undefined {
    if (this.exact.has(key)) return this.exact.get(key)
    for (const { matches, value } of this.patterns) if (matches(key)) return value
    return undefined
  }

  map<B>(f: (value: A, pattern: string) => B): KeyPattern<B> {
    return new KeyPattern(this.entries.map(([pattern, value]) => [pattern, f(value, pattern)]))
  }
}

interface Pattern<A> {
  readonly value: A
  readonly matches: (key: string) => boolean
  readonly weight: number
}

// Found part by part from the left, the last from the right: no backtracking, whatever the key.
const matcher = (pattern: string): ((key: string) => boolean) => {
  const [first = "", ...rest] = pattern.split("*")
  const last = rest.pop() ?? ""
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

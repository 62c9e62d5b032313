/** What differs between two values of plain data, as lines that a person can read: no framework has to print them. */

/** Times pass through durations, which count whole nanoseconds. */
const tolerances: { readonly [field: string]: number } = { retryAfterMillis: 1e-6 }
const usual = 1e-9

/** Lines `path: expected …, got …`; of an object only the fields that are expected are looked at, unless `exact`. */
export const differences = (expected: unknown, actual: unknown, exact = false): ReadonlyArray<string> =>
  between(expected, actual, exact, [])

const between = (
  expected: unknown,
  actual: unknown,
  exact: boolean,
  path: ReadonlyArray<string>
): ReadonlyArray<string> => {
  if (typeof expected === "number" && typeof actual === "number") {
    const near = Math.abs(expected - actual) <= (tolerances[path.at(-1) ?? ""] ?? usual)
    return near || Object.is(expected, actual) ? [] : [line(path, expected, actual)]
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const all: ReadonlyArray<unknown> = expected
    const found: ReadonlyArray<unknown> = actual
    if (all.length !== found.length)
      return [line([...path, "length"], all.length, found.length), line(path, all, found)]
    return all.flatMap((item, index) => between(item, found[index], exact, [...path, String(index)]))
  }
  if (isRecord(expected) && isRecord(actual)) {
    const fields = new Set([...Object.keys(expected), ...(exact ? Object.keys(actual) : [])])
    return [...fields].flatMap((field) =>
      between(Reflect.get(expected, field), Reflect.get(actual, field), exact, [...path, field])
    )
  }
  return Object.is(expected, actual) ? [] : [line(path, expected, actual)]
}

const isRecord = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const line = (path: ReadonlyArray<string>, expected: unknown, actual: unknown): string =>
  `${path.length === 0 ? "all of it" : path.join(".")}: expected ${shown(expected)}, got ${shown(actual)}`

/** A value on one line. */
export const shown = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => (item === Infinity ? "Infinity" : item)) ?? String(value)

/** Thrown where an implementation does something else than was expected. */
export class Disagreement extends Error {
  override readonly name = "Disagreement"
}

/** Throws the differences, if there are any. */
export const agree = (about: string, expected: unknown, actual: unknown, exact = false): void => {
  const lines = differences(expected, actual, exact)
  if (lines.length > 0) throw new Disagreement([`${about}:`, ...lines.map((text) => `  ${text}`)].join("\n"))
}

/** Throws unless it holds. */
export const hold = (holds: boolean, about: string, ...values: ReadonlyArray<unknown>): void => {
  if (!holds) throw new Disagreement([about, ...values.map(shown)].join(" "))
}

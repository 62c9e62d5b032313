/**
 * The error of an option that cannot be, and the rules options are checked by.
 *
 * A wrong option is a programmer's error: it is thrown when a policy is built, never while calls run.
 *
 * @since 0.1.0
 */

/**
 * Thrown when an option breaks its rule; names the option, the rule and the value.
 *
 * **Example** (Reading what is wrong)
 *
 * ```ts
 * import { HealthModel, InvalidOption } from "@truce/core"
 *
 * let message = ""
 * try {
 *   HealthModel.ledger({ tolerance: 1.5 })
 * } catch (error) {
 *   if (error instanceof InvalidOption.InvalidOption) message = error.message
 * }
 * message // => "HealthModel.ledger: tolerance must be greater than 0 and less than 1, got 1.5"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends RangeError {
  override readonly name = "InvalidOption"
  readonly owner: string
  readonly field: string
  readonly rule: string
  readonly value: unknown
  constructor(owner: string, field: string, rule: string, value: unknown) {
    super(`${owner}: ${field} must be ${rule}, got ${show(value)}`)
    this.owner = owner
    this.field = field
    this.rule = rule
    this.value = value
  }
}

/**
 * Builds from the options of one key pattern: an `InvalidOption` is thrown with its field as `overrides["tenant-*"].field`.
 *
 * @category errors
 * @since 0.1.0
 */
export const inOverride = <A>(pattern: string, build: () => A): A => {
  try {
    return build()
  } catch (error) {
    if (!(error instanceof InvalidOption)) throw error
    const { field, owner, rule, value } = error
    throw new InvalidOption(owner, `overrides[${JSON.stringify(pattern)}].${field}`, rule, value)
  }
}

/**
 * What a number must satisfy, with the words that say it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule {
  readonly text: string
  readonly holds: (value: number) => boolean
}

/**
 * Finite and greater than 0.
 *
 * @category rules
 * @since 0.1.0
 */
export const positive: Rule = { text: "a finite number greater than 0", holds: (n) => Number.isFinite(n) && n > 0 }

/**
 * Greater than 0; `Infinity` means never.
 *
 * @category rules
 * @since 0.1.0
 */
export const positiveOrInfinity: Rule = { text: "greater than 0 (Infinity is allowed)", holds: (n) => n > 0 }

/**
 * Finite and 0 or greater.
 *
 * @category rules
 * @since 0.1.0
 */
export const nonNegative: Rule = { text: "a finite number of at least 0", holds: (n) => Number.isFinite(n) && n >= 0 }

/**
 * A whole number of at least 1.
 *
 * @category rules
 * @since 0.1.0
 */
export const count: Rule = { text: "a whole number of at least 1", holds: (n) => Number.isSafeInteger(n) && n >= 1 }

/**
 * From 0 to 1, both included.
 *
 * @category rules
 * @since 0.1.0
 */
export const fraction: Rule = { text: "between 0 and 1", holds: (n) => n >= 0 && n <= 1 }

/**
 * Greater than 0 and less than 1.
 *
 * @category rules
 * @since 0.1.0
 */
export const properFraction: Rule = { text: "greater than 0 and less than 1", holds: (n) => n > 0 && n < 1 }

/**
 * At least 0 and less than 1.
 *
 * @category rules
 * @since 0.1.0
 */
export const belowOne: Rule = { text: "at least 0 and less than 1", holds: (n) => n >= 0 && n < 1 }

/**
 * Greater than 0 and at most 1.
 *
 * @category rules
 * @since 0.1.0
 */
export const share: Rule = { text: "greater than 0 and at most 1", holds: (n) => n > 0 && n <= 1 }

/**
 * Returns the option, or its default where it is not given, or throws `InvalidOption`.
 *
 * @category validation
 * @since 0.1.0
 */
export const check = (
  owner: string,
  field: string,
  value: number | undefined,
  fallback: number,
  rule: Rule
): number => {
  const chosen = value === undefined ? fallback : value
  if (typeof chosen !== "number" || !rule.holds(chosen)) throw new InvalidOption(owner, field, rule.text, value)
  return chosen
}

/**
 * Returns one of the named choices, or the default where none is given, or throws `InvalidOption`.
 *
 * @category validation
 * @since 0.1.0
 */
export const oneOf = <const A extends string>(
  owner: string,
  field: string,
  value: unknown,
  choices: readonly [A, ...ReadonlyArray<A>]
): A => {
  const chosen = value === undefined ? choices[0] : choices.find((choice) => choice === value)
  if (chosen !== undefined) return chosen
  throw new InvalidOption(owner, field, `one of ${choices.map((c) => JSON.stringify(c)).join(", ")}`, value)
}

/**
 * Checks that options are an object, and that none has a name that no option has: what is misspelt would be left out in silence. Options that are the value of another one are `within` that.
 *
 * Throws `InvalidOption`, with the name that was meant where that can be seen.
 *
 * **Example** (A letter too many)
 *
 * ```ts
 * import { InvalidOption } from "@truce/core"
 *
 * let message = ""
 * try {
 *   InvalidOption.names("protect", { attemptTimeOut: 5 }, ["key", "attemptTimeout"])
 * } catch (error) {
 *   if (error instanceof InvalidOption.InvalidOption) message = error.message
 * }
 * message // => "protect: attemptTimeOut must be left out: there is no such option, but attemptTimeout, got 5"
 * ```
 *
 * @category validation
 * @since 0.1.0
 */
export const names = (owner: string, options: unknown, known: ReadonlyArray<string>, within?: string): void => {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidOption(owner, within ?? "options", "an object", options)
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const meant = known.find((one) => isNear(one.toLowerCase(), name.toLowerCase()))
    const rule = `left out: there is no such option${meant === undefined ? "" : `, but ${meant}`}`
    throw new InvalidOption(owner, within === undefined ? name : `${within}.${name}`, rule, Reflect.get(options, name))
  }
}

const isNear = (one: string, other: string): boolean =>
  one === other || (other.length > 2 && (one.startsWith(other) || other.startsWith(one)))

/** No value is shown longer. */
const longest = 200

const show = (value: unknown): string => {
  switch (typeof value) {
    case "number":
    case "bigint":
    case "boolean":
    case "undefined":
      return String(value)
    case "function":
    case "symbol":
      return `a ${typeof value}`
    default:
      return cut(written(value))
  }
}

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)

const written = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? "an object"
  } catch {
    // It refers to itself, holds what JSON has not, or does not want to be looked at.
    return "an object"
  }
}

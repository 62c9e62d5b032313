/**
 * Options as they were given, read by their table.
 *
 * @since 0.1.0
 */
import { InvalidOption, names } from "./InvalidOption.ts"
import type { Amount, Option, Table, Time, Times } from "./Option.ts"

/**
 * How options are written: `owner` and names are for errors, `millis` makes ms of a length of time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Style {
  readonly owner: string
  /** Whether a time has its unit in its name, as in the core. */
  readonly hasUnits: boolean
  /** Throws `InvalidOption` for what is no length of time. */
  readonly millis: (owner: string, field: string, value: unknown) => unknown
  /** A value as an error shows it. */
  readonly shown: (value: unknown) => unknown
}

/**
 * As the core writes them.
 *
 * @category constructors
 * @since 0.1.0
 */
export const inCore = (owner: string): Style => ({
  owner,
  hasUnits: true,
  millis: (_, __, value) => value,
  shown: (value) => value
})

type NamesOf<T extends Table, O extends Option> = {
  readonly [K in keyof T]: T[K] extends O ? K : never
}[keyof T] &
  string

/**
 * The options of a table. What cannot be is an `InvalidOption` with the name and the value that were given.
 *
 * @category models
 * @since 0.1.0
 */
export class Given<T extends Table> {
  readonly style: Style
  private readonly table: T
  private readonly options: object
  /** Of which option these are the options. */
  private readonly within: string | undefined

  /** Throws `InvalidOption` for a name that no option has, but for those of `others`. */
  constructor(style: Style, table: T, options: object, others: ReadonlyArray<string> = [], within?: string) {
    this.style = style
    this.table = table
    this.options = options
    this.within = within
    const known = Object.entries(table).map(([name, option]) => this.written(name, option))
    names(style.owner, options, [...known, ...others], within)
  }

  /** The name of an option in an error. */
  field(name: keyof T & string): string {
    const written = this.written(name, this.table[name])
    return this.within === undefined ? written : `${this.within}.${written}`
  }

  /** What was given; `undefined` for nothing. */
  value(name: keyof T & string): unknown {
    return Reflect.get(this.options, this.written(name, this.table[name]))
  }

  /** A number, of a time the ms; the default, or another one, where it is not given. */
  number(name: NamesOf<T, Amount | Time>, fallback?: number): number {
    const option: Option | undefined = this.table[name]
    if (option?.kind !== "amount" && option?.kind !== "time") throw new Error(`no number: ${name}`)
    const raw = this.value(name)
    const given = option.kind === "time" && raw !== undefined ? this.millis(this.field(name), raw) : raw
    const value = given === undefined ? (fallback ?? option.default) : given
    if (typeof value === "number" && option.rule.holds(value)) return value
    return this.refuse(name, option.rule.text, raw)
  }

  /** A list of ms; `undefined` where it is not given. */
  times(name: NamesOf<T, Times>): ReadonlyArray<number> | undefined {
    const option: Option | undefined = this.table[name]
    if (option?.kind !== "times") throw new Error(`no times: ${name}`)
    const raw = this.value(name)
    if (raw === undefined) return undefined
    const field = this.field(name)
    const times: ReadonlyArray<unknown> = Array.isArray(raw)
      ? Array.from(raw, (one, i) => this.millis(`${field}[${i}]`, one))
      : []
    if (times.length > 0 && times.every((one) => typeof one === "number" && option.rule.holds(one))) {
      return times.flatMap((one) => (typeof one === "number" ? [one] : []))
    }
    return this.refuse(name, "a list of finite numbers greater than 0, with at least one", raw)
  }

  /** Those of an option that has options. */
  nested<N extends Table>(name: keyof T & string, table: N, options: object): Given<N> {
    return new Given(this.style, table, options, [], this.field(name))
  }

  /** Throws the error of an option. */
  refuse(name: keyof T & string, rule: string, value: unknown = this.value(name)): never {
    throw new InvalidOption(this.style.owner, this.field(name), rule, this.style.shown(value))
  }

  private millis(field: string, raw: unknown): unknown {
    return this.style.millis(this.style.owner, field, raw)
  }

  private written(name: string, option: Option | undefined): string {
    const hasUnit = this.style.hasUnits && (option?.kind === "time" || option?.kind === "times")
    return hasUnit ? option.millis : name
  }
}

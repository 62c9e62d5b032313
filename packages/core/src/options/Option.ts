/**
 * What an option is: its kind, default, rule and a sentence. Everything that is said of an option anywhere comes from here.
 *
 * @since 0.1.0
 */
import type { Rule } from "./InvalidOption.ts"

/**
 * A number.
 *
 * @category models
 * @since 0.1.0
 */
export interface Amount {
  readonly kind: "amount"
  /** Left out where there is none. */
  readonly default?: number
  readonly rule: Rule
  readonly text: string
}

/**
 * A length of time: ms in the core, where its name has the unit, a duration in a binding.
 *
 * @category models
 * @since 0.1.0
 */
export interface Time extends Omit<Amount, "kind"> {
  readonly kind: "time"
  readonly millis: string
}

/**
 * A list of lengths of time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Times {
  readonly kind: "times"
  readonly millis: string
  readonly rule: Rule
  readonly text: string
}

/**
 * One of some words; the first is the default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Choice {
  readonly kind: "choice"
  readonly choices: readonly [string, ...ReadonlyArray<string>]
  readonly text: string
}

/**
 * Off, on with defaults, or on with options of its own. Default: off.
 *
 * @category models
 * @since 0.1.0
 */
export interface Switch {
  readonly kind: "switch"
  readonly options: Table
  readonly text: string
}

/**
 * One option.
 *
 * @category models
 * @since 0.1.0
 */
export type Option = Amount | Time | Times | Choice | Switch

/**
 * Options by the name they have in a binding and in data.
 *
 * @category models
 * @since 0.1.0
 */
export interface Table {
  readonly [name: string]: Option
}

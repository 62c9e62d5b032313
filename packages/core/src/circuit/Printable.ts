/**
 * Texts of others as they may stand in a line of a log or a terminal.
 *
 * @since 0.1.0
 */

/**
 * A key, a reason or a message as it may stand in a line of a log or a terminal: what would begin a new line, move the cursor or turn the
 * direction of writing is escaped.
 *
 * **Example** (A key that would write a line of its own)
 *
 * ```ts
 * import { Printable } from "@truce/core"
 *
 * Printable.shown("users\nERROR all is lost") // => "users\\u{a}ERROR all is lost"
 * ```
 *
 * @category formatting
 * @since 0.1.0
 */
export const shown = (text: string): string =>
  text.replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)

/**
 * A text without what `shown` would escape, and without space around it.
 *
 * @category formatting
 * @since 0.1.0
 */
export const plain = (text: string): string => text.replace(unseen, " ").trim()

const unseen = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/**
 * What circuits and scores tell who watches them.
 *
 * @since 0.1.0
 */
import type { Circuit } from "@truce/core"

/**
 * A change of a circuit's state or mode.
 *
 * @category models
 * @since 0.1.0
 */
export interface Transition extends Circuit.Transition {
  readonly key: string
}

/**
 * An outcome that moved the score of a key; a healthy success moves nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Change extends Circuit.Move {
  readonly key: string
  /** The share of recent attempts that failed, which no success erases. */
  readonly strain: number
}

/**
 * A flaw of the seeds that no traffic is needed for: the seed's own logic at a few steps, and Truce at the same ones.
 *
 * What cannot be simulated, for it is not about arrivals and outcomes, can still be run.
 */
import * as Effect from "effect/Effect"

/** What came of the steps. */
export interface Shown {
  readonly happens: boolean
  /** The sentence that says so with its figures. */
  readonly text: string
  /** A line for each step. */
  readonly steps: ReadonlyArray<string>
}

export interface Walkthrough {
  /** For the command line and for files: lower case with dashes. */
  readonly name: string
  readonly title: string
  /** What the seeds say, in our words. */
  readonly claim: string
  /** Why Truce does not do it. */
  readonly truce: string
  readonly seed: Effect.Effect<Shown>
  readonly sound: Effect.Effect<Shown>
}

/** A walkthrough with what came of both. */
export interface Walked {
  readonly walkthrough: Walkthrough
  readonly seed: Shown
  readonly sound: Shown
}

export const walk = (walkthroughs: ReadonlyArray<Walkthrough>): Effect.Effect<ReadonlyArray<Walked>> =>
  Effect.forEach(walkthroughs, (walkthrough) =>
    Effect.map(Effect.all([walkthrough.seed, walkthrough.sound]), ([seed, sound]) => ({ walkthrough, seed, sound }))
  )

/**
 * The metrics by name, kind and what they say, after OpenTelemetry's guidelines.
 *
 * @since 0.1.0
 */

/**
 * A metric before it has attributes. A histogram is of durations in seconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instrument {
  readonly kind: "counter" | "gauge" | "histogram"
  readonly name: string
  readonly description: string
}

const of =
  (kind: Instrument["kind"]) =>
  (name: string, description: string): Instrument => ({ kind, name, description })

const counter = of("counter")
const gauge = of("gauge")
const histogram = of("histogram")

/**
 * All of them.
 *
 * @category constants
 * @since 0.1.0
 */
export const instruments = {
  attempts: counter("truce.attempts", "Attempts that were settled."),
  attemptDuration: histogram("truce.attempt.duration", "How long attempts took."),
  calls: counter("truce.calls", "Calls under Truce.protect that ended."),
  callDuration: histogram("truce.call.duration", "How long calls took, with all their attempts and the waits between."),
  callAttempts: counter("truce.call.attempts", "Attempts of the calls that ended."),
  rejections: counter("truce.rejections", "Attempts that were not admitted."),
  retries: counter("truce.retries", "Retries that were sent."),
  spent: counter("truce.budget.spent", "Tokens that the retries sent have cost."),
  transitions: counter("truce.circuit.transitions", "Changes of a circuit's state or mode."),
  manualChanges: counter("truce.circuit.manual_changes", "Changes of a circuit by an operator."),
  circuits: gauge("truce.circuit.state", "Circuits in this state: 0 or 1 for one key."),
  score: gauge("truce.health.score", "The health score from 0 to 1; where keys share a series, the lowest."),
  strain: gauge(
    "truce.health.strain",
    "The share of recent attempts that failed; where keys share a series, the highest."
  ),
  tokens: gauge("truce.budget.tokens", "Tokens left for retries; where keys share a series, the fewest."),
  amplification: gauge("truce.amplification", "Attempts per call, of the calls that ended in the last interval.")
} as const satisfies { readonly [name: string]: Instrument }

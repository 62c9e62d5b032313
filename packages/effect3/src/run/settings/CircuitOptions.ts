/**
 * The options of a circuit and of an effect under it, with durations as Effect writes them.
 *
 * @since 0.1.0
 */
import { CircuitPolicy, Given, type HealthModel, InvalidOption, Tables } from "@truce/core"
import type * as Arr from "effect/Array"
import type * as Duration from "effect/Duration"
import type { Classifier } from "../../Classifier.ts"
import { given, style } from "./options.ts"

/**
 * Options of a circuit. Every one has a default; when it opens is the health model's business.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The first open time. Default: 500 millis. */
  readonly openFor?: Duration.DurationInput | undefined
  /** The factor by which each further opening in a row is longer, at least 1. Default: 2. */
  readonly openFactor?: number | undefined
  /** The longest open time before jitter. Default: 5 seconds. */
  readonly maxOpenFor?: Duration.DurationInput | undefined
  /** The open times of the first, second, ... opening in a row, the last for all after it. Instead of the three before. */
  readonly openTimes?: ReadonlyArray<Duration.DurationInput> | undefined
  /** The open time is spread evenly over +- this share of itself, in [0, 1). Default: 0.2. */
  readonly openJitter?: number | undefined
  /** The longest open time a `retryAfter` can ask for. Default: 1 minute. */
  readonly maxRetryAfter?: Duration.DurationInput | undefined
  /** Probes in flight at once in HalfOpen. Default: 1. */
  readonly permits?: number | undefined
  /** How long a probe may hold its permit. Default: 10 seconds. */
  readonly lease?: Duration.DurationInput | undefined
  /** The score at which HalfOpen closes, in (0, 1]. Default: 0.5, two net successes. */
  readonly closeAt?: number | undefined
  /** Whether one failed probe reopens ("failure") or only a score below the model's trip ("score"). Default: "failure". */
  readonly reopenOn?: "failure" | "score" | undefined
  /** The share of a slow answer that counts as failure, in [0, 1]. Default: 0. */
  readonly slowWeight?: number | undefined
  /** Whether a close that follows a trip soon after a close ramps up; `true` for the defaults of `SlowStart`. Default: false. */
  readonly slowStart?: boolean | SlowStart | undefined
}

/**
 * Options of a slow start: after a second trip in short order a circuit that closes admits a share of the attempts that grows to all of
 * them. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface SlowStart {
  /** A trip this soon after a close makes the next close ramp up; so does one on the ramp. Default: 10 seconds. */
  readonly within?: Duration.DurationInput | undefined
  /** How long the first ramp takes; each further one in a row takes twice as long. Default: 10 seconds. */
  readonly rampFor?: Duration.DurationInput | undefined
  /** The longest ramp; at least `rampFor`. Default: 40 seconds. */
  readonly maxRampFor?: Duration.DurationInput | undefined
  /** The share of the attempts admitted at first, in (0, 1]. Default: 0.1. */
  readonly initialShare?: number | undefined
}

/**
 * Options of the service: those of a circuit, and others for some keys.
 *
 * @category models
 * @since 0.1.0
 */
export interface LayerOptions extends Options {
  /** Options for keys of a pattern, over the others: `*` stands for any characters, the most exact pattern counts alone. */
  readonly overrides?:
    | {
        readonly [pattern: string]: Options & {
          /** How outcomes move the score of these keys. Default: the model of the others. */
          readonly model?: HealthModel.HealthModel | undefined
        }
      }
    | undefined
}

/**
 * How one effect is protected.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExecuteOptions<E, ER extends E, EP extends E> {
  /** The dependency: one circuit, one score. */
  readonly key: string
  readonly classify: Classifier<E, ER, EP>
  /** An attempt that takes longer is slow. Default: half of `attemptTimeout`, else no such rule. */
  readonly slowAfter?: Duration.DurationInput | undefined
  /**
   * An attempt that is interrupted later was a timeout; earlier ones say nothing. `Duration.infinity` for none. Default: as long as the
   * slowest recent success of the key, while nothing of it succeeded.
   */
  readonly abandonedAfter?: Duration.DurationInput | undefined
}

/**
 * How one effect is protected by several circuits at once.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExecuteAllOptions<E, ER extends E, EP extends E> extends Omit<ExecuteOptions<E, ER, EP>, "key"> {
  readonly keys: Arr.NonEmptyReadonlyArray<string>
}

/**
 * The policy of a circuit under a model; `over` options come first.
 *
 * Throws `InvalidOption` under the names of these options.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toPolicy = <S>(
  model: HealthModel.HealthModel<S>,
  options: Options,
  over: Options = {}
): CircuitPolicy.CircuitPolicy<S> => {
  for (const one of [options, over]) InvalidOption.names(owner, one, optionNames)
  const { overrides: _, ...own }: LayerOptions = { ...options, ...given(over) }
  return CircuitPolicy.read(model, new Given.Given(style(owner), Tables.circuit, own))
}

const owner = "CircuitBreaker"

const optionNames: ReadonlyArray<string> = [...Object.keys(Tables.circuit), "overrides"]

import { InvalidOption, Jitter } from "@truce/core"
import type * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { closed } from "../../platform/Schema.ts"
import { DurationInput } from "../../platform/Time.ts"
import { millis } from "../settings/options.ts"

/**
 * What is injected at a point; the rates of errors, defects and hangs add up to 1 at most.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Rule = Schema.Struct({
  /** The share of executions that fail with the point's error, in [0, 1]. Default: 0. */
  errorRate: Schema.optional(Schema.Number),
  /** The share of executions that die with `InjectedDefect`, in [0, 1]. Default: 0. */
  defectRate: Schema.optional(Schema.Number),
  /** The share of executions that never end, in [0, 1]; they can be interrupted. Default: 0. */
  hangRate: Schema.optional(Schema.Number),
  /** What is added before a delayed execution: always the same, or spread evenly from `min` to `max`. Default: nothing. */
  latency: Schema.optional(Schema.Union(Schema.Struct({ min: DurationInput, max: DurationInput }), DurationInput)),
  /** The share of executions that are delayed, in [0, 1]. Default: 1. */
  latencyRate: Schema.optional(Schema.Number),
  /** What an error, defect or hang loses: the request, and nothing is run, or the response to an execution that ran. Default: "request". */
  lost: Schema.optional(Schema.Literal("request", "response"))
}).annotations(closed("Faults.Rule"))

/**
 * What is injected at a point.
 *
 * @category models
 * @since 0.1.0
 */
export interface Rule extends Schema.Schema.Type<typeof Rule> {}

/** A rule that was checked. */
export interface Checked {
  readonly errorRate: number
  readonly defectRate: number
  readonly hangRate: number
  readonly latency: { readonly min: number; readonly max: number }
  readonly latencyRate: number
  readonly lost: "request" | "response"
}

/** What happens to one execution. */
export interface Injection {
  readonly delayMillis: number
  readonly fault: "none" | "error" | "defect" | "hang"
  readonly lost: Checked["lost"]
}

const owner = "Faults"

/** Throws `InvalidOption`. */
export const check = (pattern: string, rule: Rule): Checked => {
  if (pattern === "") throw new InvalidOption.InvalidOption(owner, "rules", "named by a key or a pattern", pattern)
  const field = (name: string) => `rules[${JSON.stringify(pattern)}]${name === "" ? "" : `.${name}`}`
  const rate = (name: "errorRate" | "defectRate" | "hangRate" | "latencyRate", fallback: number) =>
    InvalidOption.check(owner, field(name), rule[name], fallback, InvalidOption.fraction)
  const [errorRate, defectRate, hangRate] = [rate("errorRate", 0), rate("defectRate", 0), rate("hangRate", 0)]
  const sum = errorRate + defectRate + hangRate
  if (sum > 1 + Number.EPSILON) {
    throw new InvalidOption.InvalidOption(owner, field(""), "rates that add up to at most 1", sum)
  }
  const { latency } = rule
  const length = (name: string, input: Duration.DurationInput | undefined) => {
    const given = millis(owner, field(name), input)
    return InvalidOption.check(owner, field(name), given, 0, InvalidOption.nonNegative)
  }
  const spread = isSpread(latency)
    ? { min: length("latency.min", latency.min), max: length("latency.max", latency.max) }
    : { min: length("latency", latency), max: length("latency", latency) }
  if (spread.min > spread.max) {
    throw new InvalidOption.InvalidOption(owner, field("latency.max"), `at least min (${spread.min} ms)`, spread.max)
  }
  return {
    errorRate,
    defectRate,
    hangRate,
    latency: spread,
    latencyRate: rate("latencyRate", 1),
    lost: InvalidOption.oneOf(owner, field("lost"), rule.lost, ["request", "response"])
  }
}

const isSpread = (latency: Rule["latency"]): latency is Extract<Rule["latency"], { readonly min: unknown }> =>
  typeof latency === "object" && "min" in latency

/** The n-th execution of a key whose draws start from `seed`: the same whatever happens at other keys. */
export const draw = (rule: Checked, seed: number, n: number): Injection => {
  const roll = (purpose: number) => Jitter.draw(seed, n * 3 + purpose)
  const { defectRate, errorRate, hangRate, latency, latencyRate, lost } = rule
  const delayMillis = latency.max > 0 && roll(1) < latencyRate ? latency.min + (latency.max - latency.min) * roll(2) : 0
  const share = roll(0)
  const fault =
    share < errorRate
      ? "error"
      : share < errorRate + defectRate
        ? "defect"
        : share < errorRate + defectRate + hangRate
          ? "hang"
          : "none"
  return { delayMillis, fault, lost }
}

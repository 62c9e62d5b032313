import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

const decodeText = Schema.decodeUnknownOption(Schema.DurationFromString)
const isPair = Schema.is(Schema.Tuple([Schema.Number, Schema.Number]))
const units: ReadonlySet<string> = new Set([
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
] satisfies ReadonlyArray<keyof Duration.DurationObject>)

/** Whether a value is written as a duration: Effect takes any object for one, and one that names no unit of time for zero. */
export const isDuration = (u: unknown): u is Duration.Input => {
  if (typeof u === "number" || typeof u === "bigint") return true
  if (typeof u === "string") return Option.isSome(decodeText(u))
  if (Duration.isDuration(u) || isPair(u)) return true
  if (!Predicate.isObject(u) || Array.isArray(u)) return false
  const parts = Object.entries(u).filter(([, value]) => value !== undefined)
  return parts.length > 0 && parts.every(([unit, value]) => units.has(unit) && typeof value === "number")
}

/** A duration as a program writes one, or as data has it. */
export const DurationInput = Schema.declare(isDuration, {
  identifier: "DurationInput",
  expected: `a duration such as "500 millis"`
})

/** Whether a duration means what it says: Effect has negative ones, and takes zero for one that is no number. */
export const isTime = (input: Duration.Input): boolean => {
  if (typeof input === "number") return input >= 0
  if (typeof input === "object" && !Duration.isDuration(input) && Object.values(input).some(Number.isNaN)) return false
  return !Duration.isNegative(Duration.fromInputUnsafe(input))
}

import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Whether a value is written as a duration. */
export const isDuration = (u: unknown): u is Duration.DurationInput => Option.isSome(Duration.decodeUnknown(u))

/** A duration as a program writes one, or as data has it. */
export const DurationInput = Schema.declare(isDuration, {
  identifier: "DurationInput",
  description: `a duration such as "500 millis"`
})

/** Whether a duration means what it says: Effect takes zero for one that is negative, or no number. */
export const isTime = (input: Duration.DurationInput): boolean => {
  if (typeof input === "string") return !input.startsWith("-")
  if (typeof input === "bigint") return input >= 0n
  if (typeof input === "number") return input >= 0
  return Duration.isDuration(input) || input.every((part) => part >= 0)
}

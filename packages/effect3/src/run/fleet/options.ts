import { Fleet, InvalidOption } from "@truce/core"
import type * as Duration from "effect/Duration"
import { count, positiveDuration } from "../settings/options.ts"

/**
 * Options of the service. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Processes that must have seen failures before a circuit opens for all. Default: 2. */
  readonly witnesses?: number | undefined
  /** How often each key tells the store what is new; a quarter of what opens a circuit is told at once. Default: 250 millis. */
  readonly flushEvery?: Duration.DurationInput | undefined
  /** How long the admission or the outcome of a probe waits for the store. Default: 250 millis. */
  readonly leaseTimeout?: Duration.DurationInput | undefined
  /** After how long a question to the store counts as failed. Default: 1 second. */
  readonly timeout?: Duration.DurationInput | undefined
  /** Whether probes of a circuit that opened for all run by the rules of this process alone while the store is away, or not at all. Default: "local". */
  readonly onStoreDown?: "local" | "open" | undefined
  /** How long the store keeps what nobody has written to. Default: 1 hour. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
  /** The name of this process among the witnesses; unique in the fleet. Default: a random one. */
  readonly process?: string | undefined
}

export interface Settings {
  readonly process: string
  /** Another at every start, whatever the process is called. */
  readonly instance: string
  readonly witnesses: number
  readonly flushMillis: number
  readonly leaseTimeoutMillis: number
  readonly timeoutMillis: number
  readonly ttlMillis: number
  readonly onStoreDown: "local" | "open"
}

const owner = "Fleet"

export const settings = (options: Options, start: string): Settings => {
  const { process = start } = options
  if (typeof process !== "string" || process === "")
    throw new InvalidOption.InvalidOption(owner, "process", "a name that is not empty", process)
  return {
    process,
    // Two processes whose random numbers are the same have different names all the same.
    instance: process === start ? start : `${process}/${start}`,
    witnesses: count(owner, "witnesses", options.witnesses, Fleet.defaults.witnesses),
    flushMillis: positiveDuration(owner, "flushEvery", options.flushEvery, "250 millis"),
    leaseTimeoutMillis: positiveDuration(owner, "leaseTimeout", options.leaseTimeout, "250 millis"),
    timeoutMillis: positiveDuration(owner, "timeout", options.timeout, "1 second"),
    ttlMillis: positiveDuration(owner, "idleTimeToLive", options.idleTimeToLive, "1 hour"),
    onStoreDown: InvalidOption.oneOf(owner, "onStoreDown", options.onStoreDown, ["local", "open"])
  }
}

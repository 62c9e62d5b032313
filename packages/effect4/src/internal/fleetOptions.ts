import { Fleet, InvalidOption } from "@truce/core"
import type { Options } from "../Fleet.ts"
import { count, positiveDuration } from "./options.ts"

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

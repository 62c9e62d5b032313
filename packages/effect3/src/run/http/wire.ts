import { InvalidOption } from "@truce/core"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Monotonic from "../../platform/Monotonic.ts"

/** Under which names a request tells its server about its call; `false` for not at all. */
export interface HeaderNames {
  /** The number of the attempt, from 0. Default: "x-attempt". */
  readonly attempt?: string | false | undefined
  /** How many more retries the budget of the key would pay for, in full. Default: "x-retry-budget". */
  readonly budget?: string | false | undefined
  /** Milliseconds that are left of the deadline, if there is one. Default: "x-deadline-ms". */
  readonly deadline?: string | false | undefined
}

export const defaults = { attempt: "x-attempt", budget: "x-retry-budget", deadline: "x-deadline-ms" } as const

type Headers = { readonly [name: string]: string }

/** The headers of the next attempt of one call; asked for at each, they count by themselves. */
export type Wire = (call: {
  readonly begunAt: number
  readonly deadline: Duration.Duration
  readonly tokens: Effect.Effect<number>
}) => Effect.Effect<Headers>

/** Throws `InvalidOption` for what cannot be the name of a header. */
export const make = (owner: string, option: boolean | HeaderNames | undefined): Wire | undefined => {
  if (option === undefined || option === false) return undefined
  const given = option === true ? {} : option
  const nameOf = (field: keyof HeaderNames): string | undefined => {
    const name = given[field] ?? defaults[field]
    if (name === false) return undefined
    if (typeof name === "string" && token.test(name)) return name
    throw new InvalidOption.InvalidOption(owner, `headers.${field}`, "the name of a header, or false", name)
  }
  const names = { attempt: nameOf("attempt"), budget: nameOf("budget"), deadline: nameOf("deadline") }
  return ({ begunAt, deadline, tokens }) => {
    let attempt = 0
    return Effect.zipWith(tokens, Monotonic.now, (left, at) => {
      const leftMillis = Math.max(0, Math.ceil(Duration.toMillis(deadline) - (at - begunAt)))
      const values = { attempt: attempt++, budget: Math.floor(left), deadline: leftMillis }
      return Object.fromEntries(
        (["attempt", "budget", "deadline"] as const).flatMap((field) => {
          const name = names[field]
          return name === undefined || !Number.isFinite(values[field]) ? [] : [[name, String(values[field])]]
        })
      )
    })
  }
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * A record of what happened to attempts, calls and circuits, and expectations of it that any test runner can report.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as EventLog from "../EventLog.ts"
import type { HealthScore } from "../HealthScore.ts"
import * as Monotonic from "../platform/Monotonic.ts"

/**
 * What was recorded, by key and in words: one for each thing that happened, first to last.
 *
 * | of | words |
 * |---|---|
 * | `attempts` | `"success"`, `"slow success"`, `"failure Timeout"`, `"ignored NotFound"`, `"running"` |
 * | `calls` | `"success after 2 attempts"`, `"exhausted after 3 attempts (budget)"`, `"rejected after 0 attempts"` |
 * | `rejections` | `"Open"`, `"HalfOpen"`, `"SlowStart"`, `"Isolated"` |
 * | `retries` | `"paid 1, 9 left"` |
 * | `transitions` | `"Closed -> Open"` |
 *
 * @category models
 * @since 0.1.0
 */
export interface Recorder {
  readonly attempts: (key: string) => ReadonlyArray<string>
  readonly calls: (key: string) => ReadonlyArray<string>
  readonly rejections: (key: string) => ReadonlyArray<string>
  readonly retries: (key: string) => ReadonlyArray<string>
  readonly transitions: (key: string) => ReadonlyArray<string>
  /** The events themselves, of one key or of all. */
  readonly events: (key?: string) => ReadonlyArray<EventLog.Event>
  /** A line for each event of one key or of all, with the time since the record began. */
  readonly timeline: (key?: string) => ReadonlyArray<string>
  /** Forgets what was recorded so far. */
  readonly clear: Effect.Effect<void>
  /** Fails where something else was recorded of a key than is expected. */
  readonly expect: (key: string, expected: Expected) => Effect.Effect<void, ExpectationFailed>
}

/**
 * What is expected to have been recorded of a key: how many, or exactly which. Nothing is expected of what is left out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Expected {
  readonly attempts?: number | ReadonlyArray<string> | undefined
  readonly calls?: number | ReadonlyArray<string> | undefined
  readonly rejections?: number | ReadonlyArray<string> | undefined
  readonly retries?: number | ReadonlyArray<string> | undefined
  readonly transitions?: number | ReadonlyArray<string> | undefined
}

/**
 * One difference between what was expected and what was recorded.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mismatch {
  readonly of: keyof Expected
  readonly expected: number | ReadonlyArray<string>
  readonly actual: ReadonlyArray<string>
}

/**
 * Fails because other things were recorded of `key` than expected; its message names each and ends with the timeline.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExpectationFailed extends Data.TaggedError("ExpectationFailed")<{
  readonly key: string
  readonly mismatches: ReadonlyArray<Mismatch>
  readonly timeline: ReadonlyArray<string>
}> {
  override get message(): string {
    const differences = this.mismatches.map(
      ({ actual, expected, of }) => `${this.key}: expected ${of} ${counted(expected)}, got ${counted(actual)}`
    )
    const story = this.timeline.length === 0 ? ["  nothing"] : this.timeline.map((line) => `  ${line}`)
    return [...differences, `what happened to ${this.key}:`, ...story].join("\n")
  }
}

/**
 * Records from now on, as long as the scope lasts.
 *
 * **Example** (What a call has done)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect3"
 * import { Recorder, Script } from "@truce/effect3/testing"
 * import { Data, Effect } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 * const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
 *
 * const program = Effect.gen(function* () {
 *   const record = yield* Recorder.make
 *   const fetchName = yield* Script.make([Script.fails(new Timeout()), Script.succeeds("Ada")])
 *   yield* fetchName().pipe(Truce.protect({ key: "users-api", classify, retry: { base: "1 millis" } }))
 *   yield* record.expect("users-api", { attempts: ["failure Timeout", "success"], retries: 1, transitions: [] })
 *   const error = yield* Effect.flip(record.expect("users-api", { attempts: 3 }))
 *   return [record.calls("users-api"), error.message.split("\n")[0]]
 * })
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Truce.layer())))
 * // => [["success after 2 attempts"], "users-api: expected attempts 3, got 2: failure Timeout, success"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<Recorder, never, HealthScore | Scope.Scope> = Effect.gen(function* () {
  const from = yield* Monotonic.now
  const recorded: Array<EventLog.Event> = []
  yield* EventLog.subscribe((event) => recorded.push(event))
  const events = (key?: string): ReadonlyArray<EventLog.Event> =>
    key === undefined ? recorded.slice() : recorded.filter((event) => event.key === key)
  const timeline = (key?: string): ReadonlyArray<string> =>
    events(key).map((event) => `${millis(event.at - from)}  ${key === undefined ? `${event.key}: ` : ""}${told(event)}`)
  const words = {
    attempts: (key: string) => attempts(events(key)),
    calls: (key: string) => pick(events(key), "Called").map(call),
    rejections: (key: string) => pick(events(key), "Rejected").map(({ state }) => state),
    retries: (key: string) => pick(events(key), "Retried").map(retry),
    transitions: (key: string) => pick(events(key), "Transitioned").map(({ from, to }) => `${from} -> ${to}`)
  }
  const kinds = ["attempts", "calls", "rejections", "retries", "transitions"] as const
  return {
    ...words,
    events,
    timeline,
    clear: Effect.sync(() => {
      recorded.length = 0
    }),
    expect: (key, expected) =>
      Effect.suspend(() => {
        const mismatches = kinds.flatMap((of): ReadonlyArray<Mismatch> => {
          const [wanted, actual] = [expected[of], words[of](key)]
          return wanted === undefined || isMet(wanted, actual) ? [] : [{ of, expected: wanted, actual }]
        })
        return mismatches.length === 0
          ? Effect.void
          : Effect.fail(new ExpectationFailed({ key, mismatches, timeline: timeline(key) }))
      })
  }
})

type Named<Tag extends EventLog.Event["_tag"]> = Extract<EventLog.Event, { readonly _tag: Tag }>

const pick = <Tag extends EventLog.Event["_tag"]>(
  events: ReadonlyArray<EventLog.Event>,
  tag: Tag
): ReadonlyArray<Named<Tag>> => events.filter((event): event is Named<Tag> => event._tag === tag)

/** In the order of their admission; one admitted before the record began comes where it was settled. */
const attempts = (events: ReadonlyArray<EventLog.Event>): ReadonlyArray<string> => {
  const byNumber = new Map<number, string>()
  for (const event of events) {
    if (event._tag === "Admitted") byNumber.set(event.attempt, "running")
    else if (event._tag === "Settled") byNumber.set(event.attempt, outcome(event))
  }
  return [...byNumber.values()]
}

const outcome = ({ error, outcome }: Named<"Settled">): string => {
  const suffix = error === undefined ? "" : ` ${error}`
  switch (outcome._tag) {
    case "Success":
      return outcome.slow ? "slow success" : "success"
    case "Answered":
      return `answered${suffix}`
    case "Failure":
      return `failure${suffix}`
    case "Ignored":
      return `ignored${suffix}`
  }
}

const call = ({ attempts, reason, result }: Named<"Called">): string =>
  `${result} after ${attempts} attempt${attempts === 1 ? "" : "s"}${reason === undefined ? "" : ` (${reason})`}`

const retry = ({ cost, tokens }: Named<"Retried">): string => `paid ${rounded(cost)}, ${rounded(tokens)} left`

const rounded = (tokens: number): number => Number(tokens.toFixed(2))

const told = (event: EventLog.Event): string => {
  switch (event._tag) {
    case "Admitted":
      return `attempt ${event.attempt} admitted${event.probe ? " as a probe" : ""}`
    case "Settled":
      return `attempt ${event.attempt}: ${outcome(event)}`
    case "Rejected":
      return `rejected, ${event.state}`
    case "Observed":
      return `evidence from outside: ${event.outcome._tag.toLowerCase()}`
    case "Retried":
      return `retry, ${retry(event)}`
    case "Called":
      return `call: ${call(event)}`
    case "Transitioned":
      return `${event.from} -> ${event.to}, score ${event.score.toFixed(2)}${event.reason === "" ? "" : `, ${event.reason}`}`
  }
}

const millis = (time: number): string => `${String(Math.round(time)).padStart(6)} ms`

const isMet = (expected: number | ReadonlyArray<string>, actual: ReadonlyArray<string>): boolean =>
  typeof expected === "number"
    ? expected === actual.length
    : expected.length === actual.length && expected.every((word, n) => word === actual[n])

const counted = (what: number | ReadonlyArray<string>): string => {
  if (typeof what === "number") return `${what}`
  return what.length === 0 ? "none" : `${what.length}: ${what.join(", ")}`
}

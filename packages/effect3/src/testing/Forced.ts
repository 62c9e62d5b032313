/**
 * Circuits put into a state for a test: through snapshots, commands and evidence, so that from there on the real rules go on.
 *
 * @since 0.1.0
 */
import { InvalidOption, Outcome, Describe } from "@truce/core"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CircuitBreaker, type Service, type Snapshot } from "../CircuitBreaker.ts"
import * as Monotonic from "../platform/Monotonic.ts"
import { positiveDuration } from "../run/settings/options.ts"

/**
 * What a circuit can be forced into; a name alone takes the defaults.
 *
 * | state | what the code under test meets |
 * |---|---|
 * | `Closed` | admitted; `score` is 1, or any its model can have above its trip |
 * | `Open` | `CircuitOpen` until the open time ends: that of the circuit's policy, or `admitsIn` |
 * | `HalfOpen` | `CircuitOpen`, for all permits are out until their leases end; or `probes` are out, and the next attempts are probes |
 * | `Isolated` | `CircuitOpen` until another manual change |
 * | `Disabled`, `Observing` | admitted |
 *
 * @category models
 * @since 0.1.0
 */
export type State =
  | "Closed"
  | "Open"
  | "HalfOpen"
  | Manual
  | { readonly state: "Closed"; readonly score?: number | undefined }
  | { readonly state: "Open"; readonly admitsIn?: Duration.DurationInput | undefined }
  | { readonly state: "HalfOpen"; readonly probes?: number | undefined }
  | { readonly state: Manual; readonly reason?: string | undefined }

/**
 * The manual states.
 *
 * @category models
 * @since 0.1.0
 */
export type Manual = "Isolated" | "Disabled" | "Observing"

/**
 * Forces the circuit of a key, from whatever state it is in.
 *
 * Watchers hear of it as of any other change (Closed to Open, say), with the reason "forced by a test" where a command did it; no
 * attempt is recorded. A key with options of its own is forced after they were registered. Dies with `InvalidOption` for a state that
 * cannot be.
 *
 * **Example** (Forcing a circuit open in the middle of a test)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect3"
 * import { Forced } from "@truce/effect3/testing"
 * import { Effect } from "effect"
 *
 * const protect = Truce.protect({ key: "users-api", classify: Classifier.make<never>(() => true) })
 * const program = Effect.gen(function* () {
 *   const before = yield* Effect.succeed("Ada").pipe(protect)
 *   yield* Forced.set("users-api", { state: "Open", admitsIn: "3 seconds" })
 *   const error = yield* Effect.flip(Effect.succeed("Ada").pipe(protect))
 *   return [before, error.message]
 * })
 * await Effect.runPromise(Effect.provide(program, Truce.layer())) // => ["Ada", "circuit users-api is open, retry after 3.0 s"]
 * ```
 *
 * @category control
 * @since 0.1.0
 */
export const set = (key: string, state: State): Effect.Effect<void, never, CircuitBreaker> =>
  Effect.flatMap(CircuitBreaker, (breaker) => {
    const wanted: Wanted = typeof state === "string" ? { state } : state
    switch (wanted.state) {
      case "Closed":
        return wanted.score === undefined ? closed(breaker, key) : scored(breaker, key, wanted.score)
      case "Open":
        return opened(breaker, key, wanted.admitsIn)
      case "HalfOpen":
        return halfOpened(breaker, key, wanted.probes)
      case "Isolated":
        return breaker.isolate(key, wanted.reason ?? because)
      case "Disabled":
        return breaker.disable(key, wanted.reason ?? because)
      case "Observing":
        return breaker.observe(key, wanted.reason ?? because)
    }
  })

/**
 * Forces circuits when it is built, on top of a layer with a breaker.
 *
 * Dies with `InvalidOption` for a state that cannot be.
 *
 * **Example** (A handler that meets an open circuit)
 *
 * ```ts
 * import { Classifier, Truce } from "@truce/effect3"
 * import { Forced } from "@truce/effect3/testing"
 * import { Effect, Layer } from "effect"
 *
 * const classify = Classifier.make<never>(() => true)
 * const handler = Effect.succeed("Ada").pipe(
 *   Truce.protect({ key: "users-api", classify }),
 *   Effect.catchTag("CircuitOpen", (error) => Effect.succeed(`503, ${error.state}`))
 * )
 * const layer = Forced.layer({ "users-api": "Open", billing: "HalfOpen" }).pipe(Layer.provideMerge(Truce.layer()))
 * await Effect.runPromise(Effect.provide(handler, layer)) // => "503, Open"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (states: { readonly [key: string]: State }): Layer.Layer<never, never, CircuitBreaker> =>
  Layer.effectDiscard(Effect.forEach(Object.entries(states), ([key, state]) => set(key, state), { discard: true }))

/** Any of the states, with the fields it may have. */
interface Wanted {
  readonly state: Exclude<State, object>
  readonly score?: number | undefined
  readonly admitsIn?: Duration.DurationInput | undefined
  readonly probes?: number | undefined
  readonly reason?: string | undefined
}

type Circuit = Snapshot["circuits"][string]

const owner = "Forced"
const because = "forced by a test"

const closed = (breaker: Service, key: string): Effect.Effect<void> =>
  Effect.flatMap(breaker.state(key), ({ mode, openings, score, status }) =>
    mode._tag === "Automatic" && status === "Closed" && score === 1 && openings === 0
      ? Effect.void
      : breaker.reset(key, because)
  )

/** More than any model needs that can be opened by failures of one moment. */
const enough = 1_000

const opened = (breaker: Service, key: string, admitsIn: Duration.DurationInput | undefined): Effect.Effect<void> =>
  Effect.gen(function* () {
    const millis = admitsIn === undefined ? undefined : finite("admitsIn", admitsIn)
    yield* closed(breaker, key)
    const before = yield* taken(breaker, key)
    for (let failures = 0; failures < enough && !(yield* isOpen(breaker, key)); failures++) {
      yield* judged(breaker, key, Outcome.failure())
    }
    if (!(yield* isOpen(breaker, key))) {
      // A model that asks for failures over time opens by the rule that one failed probe reopens, at a score of 0.
      const since = before.takenAt
      yield* put(breaker, key, {
        ...before,
        state: { _tag: "HalfOpen", since, suspicion: 1, leases: [], nextProbe: 1 }
      })
      yield* judged(breaker, key, Outcome.failure())
    }
    if (millis === undefined) return
    const open = yield* taken(breaker, key)
    if (open.state._tag !== "Open") return
    yield* put(breaker, key, {
      ...open,
      state: { ...open.state, until: open.takenAt + millis },
      openings: { ...open.openings, lastMillis: millis }
    })
    const { nextAdmission = 0 } = yield* breaker.state(key)
    const longest = nextAdmission - open.takenAt
    if (longest < millis) {
      const rule = `at most ${Describe.spoken(longest)}, the longest open time of its policy (maxRetryAfter lengthens it)`
      return yield* Effect.die(new InvalidOption.InvalidOption(owner, "admitsIn", rule, Describe.spoken(millis)))
    }
  })

const halfOpened = (breaker: Service, key: string, probes: number | undefined): Effect.Effect<void> =>
  Effect.gen(function* () {
    const wanted = InvalidOption.check(owner, "probes", probes, Infinity, aWholeNumberOrAll)
    yield* opened(breaker, key, undefined)
    const open = yield* taken(breaker, key)
    const elapsed = open.state._tag === "Open" ? open.state.until - open.takenAt : 0
    yield* put(breaker, key, open, elapsed)
    let out = 0
    while (out < Math.max(1, wanted)) {
      const admission = yield* admit(breaker, key)
      if (admission._tag === "Rejected") break
      out++
      // Only an admission makes an open circuit half-open.
      if (wanted === 0) yield* settle(breaker, admission, Outcome.ignored)
    }
    if (wanted !== Infinity && out < wanted) {
      throw new InvalidOption.InvalidOption(owner, "probes", `at most the permits of the circuit (${out})`, probes)
    }
  })

/** Closer than this is the same score. */
const tolerance = 1e-9

const scored = (breaker: Service, key: string, score: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { openBelow } = yield* breaker.state(key)
    InvalidOption.check(owner, "score", score, 1, {
      text: `greater than openBelow of its health model (${openBelow}) and at most 1`,
      holds: (value) => value > openBelow && value <= 1
    })
    yield* closed(breaker, key)
    const base = yield* taken(breaker, key)
    // While disabled the score moves and opens nothing.
    yield* put(breaker, key, { ...base, mode: { ...base.mode, _tag: "Disabled" } })
    const { circuit, found } = yield* walk(breaker, key, score)
    yield* put(breaker, key, { ...base, health: circuit.health })
    if (Math.abs(found - score) > tolerance) {
      yield* put(breaker, key, base)
      const rule = `one that the model ${base.model} can have (the nearest is ${found})`
      throw new InvalidOption.InvalidOption(owner, "score", rule, score)
    }
  })

interface Found {
  readonly circuit: Circuit
  readonly found: number
}

/** Fails until the score is there: in whole steps, then by a part of one. */
const walk = (breaker: Service, key: string, score: number): Effect.Effect<Found> =>
  Effect.gen(function* () {
    const look = Effect.zipWith(taken(breaker, key), breaker.state(key), (circuit, state): Found => ({
      circuit,
      found: state.score
    }))
    let above = yield* look
    let below = above
    for (let failures = 0; failures < enough && below.found > score + tolerance; failures++) {
      above = below
      yield* judged(breaker, key, Outcome.failure())
      below = yield* look
    }
    const start = above.circuit
    let [light, heavy] = [0, 1]
    const nearest = () => (above.found - score < score - below.found ? above : below)
    for (let tries = 0; tries < 60 && Math.abs(nearest().found - score) > tolerance; tries++) {
      // A straight line first: most models are one.
      const share = tries % 2 === 0 ? (above.found - score) / (above.found - below.found) : 0.5
      const weight = light + (heavy - light) * share
      if (!(weight > light && weight < heavy)) continue
      yield* put(breaker, key, start)
      yield* judged(breaker, key, Outcome.failure({ weight }))
      const tried = yield* look
      if (tried.found > score) [above, light] = [tried, weight]
      else [below, heavy] = [tried, weight]
    }
    return nearest()
  })

const isOpen = (breaker: Service, key: string): Effect.Effect<boolean> =>
  Effect.map(breaker.state(key), ({ status }) => status === "Open")

const admit = (breaker: Service, key: string) =>
  Effect.flatMap(Monotonic.now, (now) => breaker.commit(breaker.admitSTM([key], now)))

const settle = (
  breaker: Service,
  admission: Extract<Effect.Effect.Success<ReturnType<typeof admit>>, { readonly _tag: "Admitted" }>,
  outcome: Outcome.Outcome
): Effect.Effect<void> =>
  Effect.flatMap(Monotonic.now, (now) => breaker.commit(breaker.settleSTM(admission.permits, outcome, now)))

/** One outcome, as of an attempt that nobody made. */
const judged = (breaker: Service, key: string, outcome: Outcome.Outcome): Effect.Effect<void> =>
  Effect.flatMap(admit(breaker, key), (admission) =>
    admission._tag === "Admitted" ? settle(breaker, admission, outcome) : Effect.void
  )

const taken = (breaker: Service, key: string): Effect.Effect<Circuit> =>
  Effect.flatMap(breaker.snapshot, ({ circuits }) => {
    const circuit = circuits[key]
    // A key that was never seen has no circuit until somebody asks for admission, which changes nothing while it is closed.
    return circuit === undefined
      ? Effect.flatMap(admit(breaker, key), () => taken(breaker, key))
      : Effect.succeed(circuit)
  })

const put = (breaker: Service, key: string, circuit: Circuit, elapsed = 0): Effect.Effect<void> =>
  Effect.orDie(breaker.restore({ version: 1, circuits: { [key]: circuit } }, { elapsed }))

const finite = (field: string, input: Duration.DurationInput): number =>
  InvalidOption.check(owner, field, positiveDuration(owner, field, input, 0), 0, InvalidOption.positive)

const aWholeNumberOrAll: InvalidOption.Rule = {
  text: "a whole number of at least 0",
  holds: (n) => n === Infinity || (Number.isSafeInteger(n) && n >= 0)
}

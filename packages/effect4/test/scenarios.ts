import { Circuit, type CircuitPolicy, CircuitSnapshot, Outcome } from "@truce/core"
import { CallContext, CircuitBreaker, CircuitOpen, Classifier, HealthScore, Transaction } from "@truce/effect4"
import { type Array as Arr, Data, Deferred, Duration, Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import fc from "fast-check"
import { watching } from "./support.ts"

export type Key = "a" | "b"

export const keys: readonly [Key, Key] = ["a", "b"]

/** What may happen. `pick` chooses among the attempts under way; `call` is the call an attempt belongs to, if any. */
export type Command =
  | { readonly do: "begin"; readonly via: "execute"; readonly key: Key; readonly call: number | undefined }
  | { readonly do: "begin"; readonly via: "transaction"; readonly key: Key }
  | { readonly do: "begin"; readonly via: "both" }
  | { readonly do: "begin"; readonly via: "executeAll" }
  | { readonly do: "end"; readonly pick: number; readonly outcome: Outcome.Outcome }
  | { readonly do: "interrupt"; readonly pick: number }
  | { readonly do: "observe"; readonly key: Key; readonly outcome: Outcome.Outcome }
  | { readonly do: "manual"; readonly key: Key; readonly to: "isolate" | "disable" | "observe" | "reset" }
  | { readonly do: "tick"; readonly millis: number }
  /** Lets time pass until the next admission of a key. */
  | { readonly do: "wait"; readonly key: Key }

/** What was decided about a new attempt. */
export type Told = "Admitted" | { readonly state: string; readonly retryAfter: number; readonly generation: number }

export interface Trace {
  readonly told: ReadonlyArray<Told>
  readonly transitions: { readonly [key in Key]: ReadonlyArray<Circuit.Transition> }
  readonly circuits: { readonly [key: string]: CircuitSnapshot.Snapshot }
}

const outcomes: fc.Arbitrary<Outcome.Outcome> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(Outcome.success) },
  { weight: 8, arbitrary: fc.constant(Outcome.failure()) },
  { weight: 1, arbitrary: fc.constant(Outcome.failure({ weight: 0.35, saturated: true, retryAfterMillis: 3_000 })) },
  { weight: 1, arbitrary: fc.constant(Outcome.ignored) }
)

const key = fc.constantFrom(...keys)
const pick = fc.nat(100)
const to = fc.constantFrom("isolate" as const, "disable" as const, "observe" as const, "reset" as const)
const call = fc.option(fc.nat(2), { nil: undefined })

const command = (among: fc.Arbitrary<Key>): fc.Arbitrary<ReadonlyArray<Command>> => {
  const begin = fc.oneof(
    fc.record({ do: fc.constant("begin" as const), via: fc.constant("execute" as const), key: among, call }),
    fc.record({ do: fc.constant("begin" as const), via: fc.constant("transaction" as const), key: among }),
    fc.constant<Command>({ do: "begin", via: "both" }),
    fc.constant<Command>({ do: "begin", via: "executeAll" })
  )
  const end = fc.record({ do: fc.constant("end" as const), pick, outcome: outcomes })
  const failed = fc.constant<Command>({ do: "end", pick: 0, outcome: Outcome.failure() })
  const one = (arbitrary: fc.Arbitrary<Command>) => arbitrary.map((single) => [single])
  const probes = fc
    .tuple(among, fc.integer({ min: 2, max: 4 }))
    .map(([of, count]) =>
      Array.from({ length: 1 + count }, (_, i): Command =>
        i === 0 ? { do: "wait", key: of } : { do: "begin", via: "execute", key: of, call: undefined }
      )
    )
  return fc.oneof(
    { weight: 6, arbitrary: fc.tuple(begin, end) },
    {
      weight: 2,
      arbitrary: fc.array(fc.tuple(begin, failed), { minLength: 4, maxLength: 8, size: "max" }).map((all) => all.flat())
    },
    { weight: 2, arbitrary: probes },
    { weight: 3, arbitrary: one(begin) },
    { weight: 3, arbitrary: one(end) },
    { weight: 1, arbitrary: one(fc.record({ do: fc.constant("interrupt" as const), pick })) },
    { weight: 1, arbitrary: one(fc.record({ do: fc.constant("observe" as const), key: among, outcome: outcomes })) },
    { weight: 1, arbitrary: one(fc.record({ do: fc.constant("manual" as const), key: among, to })) },
    { weight: 2, arbitrary: one(fc.record({ do: fc.constant("tick" as const), millis: fc.nat(12_000) })) },
    { weight: 3, arbitrary: one(fc.record({ do: fc.constant("wait" as const), key: among })) }
  )
}

export const scenarios: fc.Arbitrary<ReadonlyArray<Command>> = fc
  .array(command(key), { minLength: 5, maxLength: 25, size: "max" })
  .map((all) => all.flat())

export const circuitOptions: fc.Arbitrary<CircuitBreaker.Options> = fc.record({
  permits: fc.integer({ min: 1, max: 3 }),
  reopenOn: fc.constantFrom("failure" as const, "score" as const),
  lease: fc.constantFrom(1_000, 10_000)
})

/** An attempt that says what it is told to say. */
class Said extends Data.TaggedError("Said")<{ readonly outcome: Outcome.Outcome }> {}

const classify = Classifier.make<Said>(() => true, { outcome: ({ outcome }) => outcome })

const controls = {
  isolate: CircuitBreaker.isolate,
  disable: CircuitBreaker.disable,
  observe: CircuitBreaker.observe,
  reset: CircuitBreaker.reset
}

/** An attempt on its way, and the ways it can end. */
interface UnderWay {
  readonly end: (outcome: Outcome.Outcome) => Effect.Effect<void, never, CircuitBreaker.CircuitBreaker>
  readonly interrupt: Effect.Effect<void, never, CircuitBreaker.CircuitBreaker>
}

type Services = CircuitBreaker.CircuitBreaker | HealthScore.HealthScore

/** Runs commands on the services, one after the other, and calls back after each. */
export const perform = <R = never>(
  commands: ReadonlyArray<Command>,
  after: (command: Command, told: Told | undefined) => Effect.Effect<void, never, R> = () => Effect.void
): Effect.Effect<ReadonlyArray<Told>, never, R | Services> =>
  Effect.gen(function* () {
    const told: Array<Told> = []
    const calls = [CallContext.make(), CallContext.make(), CallContext.make()]
    let underWay: ReadonlyArray<UnderWay> = []
    const take = (index: number) => {
      const taken = underWay[index % underWay.length]
      underWay = underWay.filter((other) => other !== taken)
      return taken
    }
    for (const one of commands) {
      let decided: Told | undefined
      switch (one.do) {
        case "begin": {
          const begun = yield* begin(one, calls)
          decided = begun.told
          told.push(begun.told)
          if (begun.underWay !== undefined) underWay = [...underWay, begun.underWay]
          break
        }
        case "end":
          yield* take(one.pick)?.end(one.outcome) ?? Effect.void
          break
        case "interrupt":
          yield* take(one.pick)?.interrupt ?? Effect.void
          break
        case "observe":
          yield* HealthScore.observe(one.key, one.outcome)
          break
        case "manual":
          yield* controls[one.to](one.key, "by hand")
          break
        case "tick":
          yield* TestClock.adjust(one.millis)
          break
        case "wait": {
          const { nextAdmission = Infinity } = yield* CircuitBreaker.state(one.key)
          const now = yield* Transaction.now
          if (nextAdmission < Infinity) yield* TestClock.adjust(Math.ceil(nextAdmission - now))
          break
        }
      }
      yield* after(one, decided)
    }
    yield* Effect.forEach(underWay, ({ interrupt }) => interrupt)
    return told
  })

/** Runs commands on the services and gives everything that can be compared. */
export const onServices = (commands: ReadonlyArray<Command>) =>
  Effect.gen(function* () {
    const seen = yield* watching(CircuitBreaker.transitions)
    const told = yield* perform(commands)
    const { circuits } = yield* CircuitBreaker.snapshot
    const transitions = yield* seen
    const of = (wanted: Key) => transitions.flatMap(({ key, ...rest }) => (key === wanted ? [rest] : []))
    return { told, circuits, transitions: { a: of("a"), b: of("b") } } satisfies Trace
  }).pipe(Effect.scoped)

const begin = (command: Extract<Command, { readonly do: "begin" }>, calls: ReadonlyArray<CallContext.CallContext>) =>
  command.via === "transaction" || command.via === "both"
    ? byTransaction(command.via === "both" ? keys : [command.key])
    : byExecution(command, calls)

const byTransaction = (of: Arr.NonEmptyReadonlyArray<Key>) =>
  Effect.gen(function* () {
    const now = yield* Transaction.now
    const admission = yield* Transaction.commit(Transaction.admit(of, now))
    if (admission._tag === "Rejected") return { told: tellOf(admission.error), underWay: undefined }
    const end = (outcome: Outcome.Outcome) =>
      Effect.flatMap(Transaction.now, (at) => Transaction.commit(Transaction.settle(admission.permits, outcome, at)))
    return { told: "Admitted" as const, underWay: { end, interrupt: end(Outcome.ignored) } }
  })

const byExecution = (
  command: Extract<Command, { readonly via: "execute" | "executeAll" }>,
  calls: ReadonlyArray<CallContext.CallContext>
) =>
  Effect.gen(function* () {
    const decided = yield* Deferred.make<Told>()
    const said = yield* Deferred.make<void, Said>()
    const attempt = Effect.andThen(Deferred.succeed(decided, "Admitted"), Deferred.await(said))
    const guarded =
      command.via === "execute"
        ? CircuitBreaker.execute(attempt, { key: command.key, classify })
        : CircuitBreaker.executeAll(attempt, { keys, classify })
    const context = command.via === "execute" && command.call !== undefined ? calls[command.call] : undefined
    const fiber = yield* guarded.pipe(
      Effect.tapError((error) =>
        CircuitOpen.isCircuitOpen(error) ? Deferred.succeed(decided, tellOf(error)) : Effect.void
      ),
      Effect.provideService(CallContext.current, context),
      Effect.forkChild
    )
    const told = yield* Deferred.await(decided)
    if (told !== "Admitted") return { told, underWay: undefined }
    const end = (outcome: Outcome.Outcome) =>
      Effect.andThen(
        Deferred.done(said, outcome._tag === "Success" ? Exit.void : Exit.fail(new Said({ outcome }))),
        Fiber.await(fiber)
      )
    return { told, underWay: { end, interrupt: Fiber.interrupt(fiber) } }
  })

const tellOf = (error: CircuitOpen.CircuitOpen): Told => ({
  state: error.state,
  retryAfter: Duration.toMillis(error.retryAfter),
  generation: error.generation
})

/** Runs commands on the pure core. */
export const onCore = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  seeds: { readonly [key: string]: { readonly seed: number } },
  commands: ReadonlyArray<Command>
): Trace => {
  const told: Array<Told> = []
  const circuits = new Map<Key, Circuit.Circuit<S>>()
  const transitions: { readonly [key in Key]: Array<Circuit.Transition> } = { a: [], b: [] }
  const failed = new Map<string, number>()
  let now = 0
  let underWay: ReadonlyArray<{
    readonly permits: ReadonlyMap<Key, Circuit.Permit>
    readonly call: string | undefined
  }> = []

  const circuit = (of: Key) => circuits.get(of) ?? Circuit.make(policy, seeds[of]?.seed ?? 0)
  const put = (of: Key, after: Circuit.Circuit<S>) => {
    const transition = Circuit.transition(policy, circuit(of), after)
    if (transition !== undefined) transitions[of].push(transition)
    circuits.set(of, after)
  }
  const admit = (of: ReadonlyArray<Key>, call: string | undefined) => {
    const asked = of.map((one) => [one, Circuit.admit(policy, circuit(one), now)] as const)
    for (const [one, [before]] of asked) if (!circuits.has(one)) circuits.set(one, before)
    for (const [, [, decision]] of asked) {
      if (decision._tag === "Admitted") continue
      told.push({ state: decision.status, retryAfter: millis(decision.until - now), generation: decision.generation })
      return
    }
    told.push("Admitted")
    const permits = new Map<Key, Circuit.Permit>()
    for (const [one, [after, decision]] of asked) {
      put(one, after)
      if (decision._tag === "Admitted") permits.set(one, decision.permit)
    }
    underWay = [...underWay, { permits, call }]
  }
  const settle = (index: number, outcome: Outcome.Outcome) => {
    const taken = underWay[index % underWay.length]
    if (taken === undefined) return
    underWay = underWay.filter((other) => other !== taken)
    for (const [of, permit] of taken.permits) {
      const id = `${taken.call} ${of}`
      const failedBefore = taken.call === undefined ? 0 : (failed.get(id) ?? 0)
      put(of, Circuit.settle(policy, circuit(of), { permit, outcome, failedBefore }, now))
      if (outcome._tag === "Failure") failed.set(id, failedBefore + 1)
    }
  }
  for (const one of commands) {
    switch (one.do) {
      case "begin":
        if (one.via === "both" || one.via === "executeAll") admit(keys, undefined)
        else admit([one.key], one.via === "execute" && one.call !== undefined ? String(one.call) : undefined)
        break
      case "end":
        settle(one.pick, one.outcome)
        break
      case "interrupt":
        settle(one.pick, Outcome.ignored)
        break
      case "observe":
        put(one.key, Circuit.observe(policy, circuit(one.key), one.outcome, now))
        break
      case "manual":
        put(one.key, manual(policy, circuit(one.key), one.to, now))
        break
      case "tick":
        now += one.millis
        break
      case "wait":
        now = Math.max(now, Math.ceil(finite(Circuit.nextAdmission(policy, circuit(one.key), now)) ?? now))
    }
  }
  while (underWay.length > 0) settle(0, Outcome.ignored)
  const taken = Object.fromEntries(
    Array.from(circuits, ([of, last]) => [of, CircuitSnapshot.take(policy, last, now)] as const)
  )
  return { told, transitions, circuits: taken }
}

const finite = (time: number | undefined): number | undefined => (time === Infinity ? undefined : time)

/** As a duration carries it. */
const millis = (time: number): number => Duration.toMillis(Duration.millis(time))

const manual = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  circuit: Circuit.Circuit<S>,
  to: Extract<Command, { readonly do: "manual" }>["to"],
  now: number
): Circuit.Circuit<S> => {
  switch (to) {
    case "isolate":
      return Circuit.isolate(circuit, "by hand", now)
    case "disable":
      return Circuit.disable(circuit, "by hand", now)
    case "observe":
      return Circuit.observing(circuit, "by hand", now)
    case "reset":
      return Circuit.reset(policy, circuit, "by hand", now)
  }
}

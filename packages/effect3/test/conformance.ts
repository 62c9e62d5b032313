// Each run has services and a clock of its own. @effect-diagnostics multipleEffectProvide:skip-file
/** The services as a subject of the conformance scenarios and laws, on a clock of their own. */
import type { Policy as PolicyData, Subject } from "@truce/conformance"
import { Outcome } from "@truce/core"
import {
  CallContext,
  CircuitBreaker,
  CircuitOpen,
  Classifier,
  HealthScore,
  Policy,
  RetryBudget,
  type RetryExhausted,
  Transaction,
  Truce
} from "@truce/effect3"
import { Cause, Data, Deferred, Duration, Effect, Exit, Fiber, identity, Option, type Scope, Struct } from "effect"
import { withClock } from "./platform/Clocks.ts"
import { major, promising } from "./platform/Major.ts"
import { drawing, seeded } from "./platform/Randomness.ts"
import { passing } from "./platform/TestTime.ts"
import { watching } from "./support.ts"
import { withWall } from "./wallClock.ts"

class Failed extends Data.TaggedError("Failed")<{ readonly outcome: Outcome.Outcome }> {}
class Permanent extends Data.TaggedError("Permanent")<{}> {}

/** Reads what the scenario said. */
const classify = Classifier.tags<Failed | Permanent>()(
  { Failed: { kind: "retriable", outcome: ({ outcome }) => outcome }, Permanent: "permanent" },
  { success: (value) => (value === "slow" ? Outcome.slowSuccess : Outcome.success) }
)

const ending = (end: Subject.End): Exit.Exit<string, Failed | Permanent> => {
  switch (end) {
    case "permanent":
      return Exit.fail(new Permanent())
    case "defect":
      return Exit.die("boom")
    case "interrupt":
      return Exit.failCause(Cause.empty)
    default:
      return end._tag === "Success" ? Exit.succeed(end.slow ? "slow" : "fast") : Exit.fail(new Failed({ outcome: end }))
  }
}

const rejection = (error: CircuitOpen.CircuitOpen): Subject.Rejected => {
  const { generation, health, key, message, retryAfter, state } = error
  return { _tag: "Rejected", key, state, retryAfterMillis: Duration.toMillis(retryAfter), health, generation, message }
}

type Services = Truce.Services | Scope.Scope

/** What was decided, and how the attempt is ended where it is on its way. */
interface Begun {
  readonly told: Subject.Told
  readonly end: UnderWay | undefined
}

type UnderWay = (end: Subject.End) => Effect.Effect<void, never, CircuitBreaker.CircuitBreaker>

const byHand = ([first, ...rest]: Subject.Begin["keys"]): Effect.Effect<Begun, never, CircuitBreaker.CircuitBreaker> =>
  Effect.gen(function* () {
    const now = yield* Transaction.now
    const admission = yield* Transaction.commit(Transaction.admit([first, ...rest], now))
    if (admission._tag === "Rejected") return { told: rejection(admission.error), end: undefined }
    const end: UnderWay = (ends) =>
      Effect.flatMap(Transaction.now, (at) =>
        Transaction.commit(Transaction.settle(admission.permits, outcomeOf(ends), at))
      )
    return { told: { _tag: "Admitted" }, end }
  })

const outcomeOf = (end: Subject.End): Outcome.Outcome => {
  if (end === "defect") return Outcome.failure()
  return typeof end === "string" ? Outcome.ignored : end
}

const byExecution = (
  [key, ...rest]: Subject.Begin["keys"],
  call: CallContext.CallContext | undefined
): Effect.Effect<Begun, never, CircuitBreaker.CircuitBreaker> =>
  Effect.gen(function* () {
    const told = yield* Deferred.make<Subject.Told>()
    const ends = yield* Deferred.make<string, Failed | Permanent>()
    const attempt = Effect.zipRight(Deferred.succeed(told, { _tag: "Admitted" }), Deferred.await(ends))
    const guarded =
      rest.length === 0
        ? CircuitBreaker.execute(attempt, { key, classify })
        : CircuitBreaker.executeAll(attempt, { keys: [key, ...rest], classify })
    const fiber = yield* guarded.pipe(
      Effect.tapError((error) =>
        CircuitOpen.isCircuitOpen(error) ? Deferred.succeed(told, rejection(error)) : Effect.void
      ),
      Effect.locally(CallContext.current, call),
      Effect.forkDaemon
    )
    const end: UnderWay = (end) =>
      end === "interrupt"
        ? Effect.asVoid(Fiber.interrupt(fiber))
        : Effect.zipRight(Deferred.done(ends, ending(end)), Effect.asVoid(Fiber.await(fiber)))
    return { told: yield* Deferred.await(told), end }
  })

const controls = {
  isolate: CircuitBreaker.isolate,
  disable: CircuitBreaker.disable,
  observe: CircuitBreaker.observe,
  reset: CircuitBreaker.reset
}

const faultOf = <E, R>(
  effect: Effect.Effect<void, E, R>,
  read: (error: E) => Subject.Fault
): Effect.Effect<Subject.Fault | undefined, never, R> =>
  Effect.match(effect, { onSuccess: () => undefined, onFailure: read })

/** Everything a scenario can ask, each as an effect that is run to its end. */
const makeSession = (
  passed: (millis: number) => Effect.Effect<void>,
  stepWall: (millis: number) => void,
  stepBack: (millis: number) => void
) =>
  Effect.gen(function* () {
    const run = yield* promising<Services>()
    const seen = yield* watching(CircuitBreaker.transitions)
    const calls = new Map<string, CallContext.CallContext>()
    const attempts = new Map<string, UnderWay>()
    const callOf = (name: string | undefined) => {
      if (name === undefined) return undefined
      const call = calls.get(name) ?? CallContext.make()
      calls.set(name, call)
      return call
    }
    const session: Subject.Session = {
      advance: async (millis) => (millis >= 0 ? run(passed(millis)) : stepBack(millis)),
      stepWall: async (millis) => stepWall(millis),
      begin: async ({ attempt, byHand: isByHand, call, keys }) => {
        const begun = await run(isByHand === true ? byHand(keys) : byExecution(keys, callOf(call)))
        if (begun.end !== undefined) attempts.set(attempt, begun.end)
        return begun.told
      },
      end: (attempt, end) => run(attempts.get(attempt)?.(end) ?? Effect.void),
      record: (key, outcome) => run(HealthScore.record(key, outcome)),
      control: (key, to, reason) => run(controls[to](key, reason)),
      view: (key) => run(Effect.map(CircuitBreaker.state(key), Struct.omit("key"))),
      snapshot: () => run(Effect.map(CircuitBreaker.snapshot, ({ circuits }) => circuits)),
      transitions: async () => [...(await run(seen))],
      restore: (circuits, elapsed) =>
        run(
          faultOf(CircuitBreaker.restore({ version: 1, circuits }, { elapsed }), ({ _tag, field, key }) => ({
            _tag,
            field,
            key
          }))
        ),
      register: (key, { lease, maxOpenFor, maxRetryAfter, openFor, openTimes, ...rest }) => {
        const spans = { lease: span(lease), maxOpenFor: span(maxOpenFor), openFor: span(openFor) }
        return run(
          faultOf(
            CircuitBreaker.register(key, { ...rest, ...spans, openTimes, maxRetryAfter: span(maxRetryAfter) }),
            ({ _tag, existing, field, key, requested }) => ({ _tag, existing, field, key, requested })
          )
        )
      },
      reload: (policy) =>
        run(faultOf(Policy.reload(policy), ({ _tag, issues }) => ({ _tag, paths: issues.map(({ path }) => path) })))
    }
    return session
  })

const span = (span: PolicyData.Span | undefined) => (span === "infinity" ? Duration.infinity : span)

/** On services of its own. */
const apart = <A>(policy: PolicyData.Policy, effect: Effect.Effect<A, never, Services>) =>
  Effect.scoped(effect).pipe(Effect.provide(Policy.layer(policy)), seeded("seed"))

/** What it throws is thrown. */
const run = async <A, E>(effect: Effect.Effect<A, E>): Promise<A> => {
  const exit = await Effect.runPromiseExit(effect)
  if (Exit.isSuccess(exit)) return exit.value
  throw Cause.squash(exit.cause)
}

const resultOf = (exit: Exit.Exit<unknown, Ended>): Omit<Subject.CallSeen, "endedAt" | "sent"> => {
  if (Exit.isSuccess(exit)) return { result: "success" }
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
  switch (error?._tag) {
    case undefined:
      return { result: Cause.isInterruptedOnly(exit.cause) ? "interrupt" : "defect" }
    case "Permanent":
      return { result: "permanent" }
    case "CircuitOpen":
      return { result: "CircuitOpen", rejected: rejection(error), message: error.message }
    case "RetryExhausted":
      return {
        result: error.reason,
        message: error.message,
        trail: error.attempts.map(({ delay, duration, number, outcome, score, start, state }) => ({
          number,
          start: Duration.toMillis(start),
          duration: Duration.toMillis(duration),
          delay: Duration.toMillis(delay),
          outcome,
          state,
          score
        }))
      }
  }
}

type Ended = Permanent | CircuitOpen.CircuitOpen | RetryExhausted.RetryExhausted<Failed>

const usualKey = "service"

/** One call as its script says. */
const calling = (plan: Subject.Plan, { attempts, key = usualKey }: Subject.Script) =>
  Effect.suspend(() => {
    const sent: Array<number> = []
    const attempt = Effect.flatMap(Transaction.now, (now) => {
      const { ends, millis = 0 } = attempts[sent.length] ?? attempts.at(-1) ?? attempts[0]
      sent.push(now)
      const end: Effect.Effect<string, Failed | Permanent> = ends === "interrupt" ? Effect.interrupt : ending(ends)
      return millis === 0 ? end : Effect.delay(end, millis)
    })
    const options = { key, classify, slowAfter: plan.slowAfterMillis }
    const call = plan.order === "fused" ? Truce.fused(attempt, options) : Truce.protect(attempt, options)
    return Effect.zipWith(Effect.exit(call), Transaction.now, (exit, endedAt): Subject.CallSeen => ({
      ...resultOf(exit),
      endedAt,
      sent
    }))
  })

/** Calls that wait for each other, by when the first begins. */
const chains = (plan: Subject.Plan): ReadonlyArray<{ readonly at: number; readonly calls: Array<Subject.Script> }> => {
  const all: Array<{ readonly at: number; readonly calls: Array<Subject.Script> }> = []
  for (const call of plan.calls) {
    if (call.at === undefined && all.length > 0) all.at(-1)?.calls.push(call)
    else all.push({ at: call.at ?? 0, calls: [call] })
  }
  return all
}

const calls = (plan: Subject.Plan, passed: (millis: number) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const seen = yield* watching(CircuitBreaker.transitions)
    const fibers: Array<Fiber.RuntimeFiber<ReadonlyArray<Subject.CallSeen>>> = []
    const forked = (scripts: ReadonlyArray<Subject.Script>) =>
      Effect.fork(Effect.forEach(scripts, (script) => calling(plan, script)))
    const drawn = plan.draws === undefined ? identity : drawing(plan.draws)
    for (const { at, calls } of chains(plan)) {
      yield* passed(at - (yield* Transaction.now))
      fibers.push(yield* drawn(forked(calls)))
    }
    yield* passed(86_400_000)
    const done = (yield* Fiber.joinAll(fibers)).flat()
    const { circuits } = yield* CircuitBreaker.snapshot
    const keys = Object.keys(circuits)
    const tokens = yield* Effect.forEach(keys, (key) => Effect.map(RetryBudget.tokens(key), (left) => [key, left]))
    return {
      calls: done,
      transitions: (yield* seen).map(({ at, from, key, score, to }) => ({ key, at, from, to, score })),
      tokens: Object.fromEntries(tokens),
      traffic: Object.fromEntries(Object.entries(circuits).map(([key, { traffic }]) => [key, traffic]))
    } satisfies Subject.Seen
  })

export const subject: Subject.Subject = {
  name: major,
  session: (policy, use) => {
    // Only the time that circuits go by is set back: that of a clock that sleeps goes on.
    let wall = 0
    let monotonic = 0
    const stepWall = (millis: number) => void (wall += millis)
    const stepBack = (millis: number) => void (monotonic += millis)
    return run(
      passing((passed, clock) => {
        const used = Effect.flatMap(makeSession(passed, stepWall, stepBack), (session) =>
          Effect.promise(() => use(session))
        )
        const stepped = withWall(
          clock,
          () => wall,
          () => monotonic
        )
        return withClock(stepped)(apart(policy, used))
      })
    )
  },
  calls: (plan) => run(passing((passed) => apart(plan.policy, calls(plan, passed)))),
  lacks: []
}

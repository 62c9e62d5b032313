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
  RetryPolicy,
  Transaction,
  Truce
} from "@truce/effect3"
import {
  Cause,
  Data,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Option,
  Queue,
  type Scope,
  Struct,
  identity
} from "effect"
import { withClock } from "./platform/Clocks.ts"
import { major, promising } from "./platform/Major.ts"
import { drawing, seeded } from "./platform/Randomness.ts"
import { passing } from "./platform/TestTime.ts"
import { watching } from "./support.ts"
import { withWall } from "./wallClock.ts"

class Failed extends Data.TaggedError("Failed")<{ readonly outcome: Outcome.Outcome }> {}
class Permanent extends Data.TaggedError("Permanent")<{}> {}
class Local extends Data.TaggedError("Local")<{}> {}

/** Reads what the scenario said. */
const classify = Classifier.tags<Ended>()(
  { Failed: { kind: "retriable", outcome: ({ outcome }) => outcome }, Permanent: "permanent", Local: "local" },
  { success: (value) => (value === "slow" ? Outcome.slowSuccess : Outcome.success) }
)

type Ended = Failed | Permanent | Local

const ending = (end: Subject.End): Exit.Exit<string, Ended> => {
  switch (end) {
    case "local":
      return Exit.fail(new Local())
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
  readonly underWay: UnderWay | undefined
}

interface UnderWay {
  readonly end: (end: Subject.End) => Effect.Effect<void, never, CircuitBreaker.CircuitBreaker>
  /** Runs an effect inside the attempt, beside what else it does. */
  readonly inside: (effect: Effect.Effect<void>) => Effect.Effect<void>
}

const byHand = ([first, ...rest]: Subject.Begin["keys"]): Effect.Effect<Begun, never, CircuitBreaker.CircuitBreaker> =>
  Effect.gen(function* () {
    const now = yield* Transaction.now
    const admission = yield* Transaction.commit(Transaction.admit([first, ...rest], now))
    if (admission._tag === "Rejected") return { told: rejection(admission.error), underWay: undefined }
    const end: UnderWay["end"] = (ends) =>
      Effect.flatMap(Transaction.now, (at) =>
        Transaction.commit(Transaction.settle(admission.permits, outcomeOf(ends), at))
      )
    return { told: { _tag: "Admitted" }, underWay: { end, inside: Effect.asVoid } }
  })

const outcomeOf = (end: Subject.End): Outcome.Outcome => {
  switch (end) {
    case "defect":
      return Outcome.failure()
    case "permanent":
      return Outcome.answered
    case "local":
    case "interrupt":
      return Outcome.ignored
    default:
      return end
  }
}

/** So slow that nothing is: its time is of interest all the same. */
const endless = Duration.millis(1e12)

const byExecution = (
  { inside, keys: [key, ...rest], timed }: Omit<Subject.Begin, "inside"> & { readonly inside: UnderWay | undefined },
  call: CallContext.CallContext | undefined
): Effect.Effect<Begun, never, CircuitBreaker.CircuitBreaker> =>
  Effect.gen(function* () {
    const told = yield* Deferred.make<Subject.Told>()
    const ends = yield* Deferred.make<string, Ended>()
    const within = yield* Queue.unbounded<Effect.Effect<void>>()
    const attempt = Effect.zipRight(
      Deferred.succeed(told, { _tag: "Admitted" }),
      Effect.raceFirst(
        Deferred.await(ends),
        Effect.forever(Effect.flatMap(Queue.take(within), (effect) => Effect.forkDaemon(effect)))
      )
    )
    const options = { classify, slowAfter: timed === true ? endless : undefined }
    const guarded =
      rest.length === 0
        ? CircuitBreaker.execute(attempt, { key, ...options })
        : CircuitBreaker.executeAll(attempt, { keys: [key, ...rest], ...options })
    const running = yield* Deferred.make<Fiber.RuntimeFiber<unknown, unknown>>()
    const run = guarded.pipe(
      Effect.tapError((error) =>
        CircuitOpen.isCircuitOpen(error) ? Deferred.succeed(told, rejection(error)) : Effect.void
      ),
      Effect.locally(CallContext.current, call),
      Effect.forkDaemon,
      Effect.flatMap((fiber) => Deferred.succeed(running, fiber)),
      Effect.asVoid
    )
    const context = yield* Effect.context<CircuitBreaker.CircuitBreaker>()
    yield* inside === undefined ? run : inside.inside(Effect.provide(run, context))
    const fiber = yield* Deferred.await(running)
    const end: UnderWay["end"] = (end) =>
      end === "interrupt"
        ? Effect.asVoid(Fiber.interrupt(fiber))
        : Effect.zipRight(Deferred.done(ends, ending(end)), Effect.asVoid(Fiber.await(fiber)))
    return {
      told: yield* Deferred.await(told),
      underWay: { end, inside: (effect) => Effect.asVoid(Queue.offer(within, effect)) }
    }
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
      begin: async (begin) => {
        const inside = begin.inside === undefined ? undefined : attempts.get(begin.inside)
        const { told, underWay } = await run(
          begin.byHand === true ? byHand(begin.keys) : byExecution({ ...begin, inside }, callOf(begin.call))
        )
        if (underWay !== undefined) attempts.set(begin.attempt, underWay)
        return told
      },
      end: (attempt, end) => run(attempts.get(attempt)?.end(end) ?? Effect.void),
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

const resultOf = (exit: Exit.Exit<unknown, CallError>): Omit<Subject.CallSeen, "endedAt" | "sent"> => {
  if (Exit.isSuccess(exit)) return { result: "success" }
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
  switch (error?._tag) {
    case undefined:
      return { result: Cause.isInterruptedOnly(exit.cause) ? "interrupt" : "defect" }
    case "Permanent":
      return { result: "permanent" }
    case "Local":
      return { result: "local" }
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

type CallError = Permanent | Local | CircuitOpen.CircuitOpen | RetryExhausted.RetryExhausted<Failed>

/** The classifier of a call's end, where the breaker hears of nothing else: it says what the last attempt said. */
const classifyEnd = Classifier.make<CallError>((error) => error._tag === "RetryExhausted", {
  outcome: (error) => {
    if (error._tag === "CircuitOpen") return Outcome.ignored
    return classify.failure(Cause.fail(error._tag === "RetryExhausted" ? error.lastError : error))
  }
})

/** Breaker around retry, as it is often written. */
const fused = (attempt: Effect.Effect<string, Ended>, key: string, slowAfter: number | undefined) =>
  attempt.pipe(RetryPolicy.retry({ key, classify }), CircuitBreaker.execute({ key, classify: classifyEnd, slowAfter }))

const usualKey = "service"

const retryOf = ({ retry }: Subject.Plan): RetryPolicy.Options | undefined =>
  retry === undefined
    ? undefined
    : {
        ...retry,
        base: span(retry.base),
        cap: span(retry.cap),
        deadline: span(retry.deadline),
        maxRetryAfter: span(retry.maxRetryAfter)
      }

/** One call as its script says. */
const calling = (plan: Subject.Plan, { attempts, key = usualKey }: Subject.Script) =>
  Effect.suspend(() => {
    const sent: Array<number> = []
    const attempt = Effect.flatMap(Transaction.now, (now) => {
      const { ends, millis = 0 } = attempts[sent.length] ?? attempts.at(-1) ?? attempts[0]
      sent.push(now)
      const end: Effect.Effect<string, Ended> = ends === "interrupt" ? Effect.interrupt : ending(ends)
      return millis === 0 ? end : Effect.delay(end, millis)
    })
    const options = { key, classify, slowAfter: plan.slowAfterMillis, retry: retryOf(plan) }
    const call: Effect.Effect<string, CallError, Truce.Services> =
      plan.order === "fused" ? fused(attempt, key, plan.slowAfterMillis) : Truce.protect(attempt, options)
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

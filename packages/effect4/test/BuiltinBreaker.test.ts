import { describe, expect, it } from "@effect/vitest"
import { CircuitBreaker, HealthModel, Truce } from "@truce/effect4"
import * as BuiltinBreaker from "@truce/effect4/BuiltinBreaker"
import { Cause, Clock, Context, Deferred, Duration, Effect, Exit, Fiber, Layer, Ref, Schedule, Stream } from "effect"
import * as Builtin from "effect/persistence/CircuitBreaker"
import { TestClock } from "effect/testing"

type Options = Parameters<typeof Builtin.make>[0]

const builtIn = (options: Options) => Effect.provide(Builtin.make(options), Builtin.layerStoreMemory())
// One success closes, as there: what Truce asks for more is tested below.
const onTruce = (options: Options) => BuiltinBreaker.make({ ...options, closeAt: 0.4 })

const key = "payments"
const short: Options = { tripPolicy: Builtin.consecutive(2), openDuration: "30 seconds" }
const failing = Effect.fail("no answer")

const run = (breaker: Builtin.CircuitBreaker, effect: Effect.Effect<unknown, unknown> = failing) =>
  Effect.exit(breaker.execute(effect, { key }))
const trip = (breaker: Builtin.CircuitBreaker) => Effect.andThen(run(breaker), run(breaker))
const tag = (breaker: Builtin.CircuitBreaker, of = key) => Effect.map(breaker.state(of), ({ _tag }) => _tag)
/** The reason of a rejection, or what else came of a call. */
const reason = (breaker: Builtin.CircuitBreaker, effect: Effect.Effect<unknown, unknown> = Effect.void) =>
  breaker.execute(effect, { key }).pipe(
    Effect.match({
      onSuccess: () => "ran",
      onFailure: (error) => (error instanceof Builtin.CircuitBreakerError ? error.reason._tag : error)
    })
  )

/** For how many seconds a failure that asks for a time opens. */
const openedBy = (breaker: Builtin.CircuitBreaker, retryAfter: Duration.Input) =>
  Effect.gen(function* () {
    const of = Duration.format(Duration.fromInputUnsafe(retryAfter))
    const exit = yield* Effect.exit(
      breaker.execute(failing, { key: of, classify: () => Builtin.failure({ retryAfter }) })
    )
    expect(exit).toEqual(Exit.fail("no answer"))
    const state = yield* breaker.state(of)
    return state._tag === "Open" ? Duration.toSeconds(state.retryAfter) : NaN
  })

describe.each([
  ["the built-in breaker", builtIn],
  ["BuiltinBreaker", onTruce]
])("what both do: %s", (_, make) => {
  it.effect("failures and defects count against the dependency, a success ends the row", () =>
    Effect.gen(function* () {
      const breaker = yield* make(short)
      yield* run(breaker)
      yield* run(breaker, Effect.void)
      yield* run(breaker)
      expect(yield* breaker.state(key)).toEqual({ _tag: "Closed", key })
      yield* run(breaker, Effect.die("boom"))
      expect(yield* tag(breaker)).toBe("Open")
    })
  )

  it.effect("an interrupted call says nothing", () =>
    Effect.gen(function* () {
      const breaker = yield* make({ ...short, tripPolicy: Builtin.consecutive(1) })
      const fiber = yield* Effect.forkChild(run(breaker, Effect.never), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      yield* run(breaker, Effect.interrupt)
      // Whatever a classifier would say of it.
      yield* Effect.exit(breaker.execute(Effect.interrupt, { key, classify: () => Builtin.failure() }))
      expect(yield* tag(breaker)).toBe("Closed")
    })
  )

  it.effect("an open circuit rejects with the time that is left, and says so in its state", () =>
    Effect.gen(function* () {
      const breaker = yield* make(short)
      yield* trip(breaker)
      yield* TestClock.adjust("10 seconds")
      const error = yield* Effect.flip(breaker.execute(Effect.void, { key }))
      expect(error).toBeInstanceOf(Builtin.CircuitBreakerError)
      expect([error._tag, error.message]).toEqual(["CircuitBreakerError", "Circuit open"])
      expect(error.reason).toMatchObject({ _tag: "CircuitOpen", key, retryAfter: Duration.seconds(20) })
      expect(yield* breaker.state(key)).toEqual({
        _tag: "Open",
        key,
        retryAfter: Duration.seconds(20),
        consecutiveOpenings: 1
      })
    })
  )

  it.effect(
    "past its open time it reads as open until a call comes, which is the probe; others are half-open rejections",
    () =>
      Effect.gen(function* () {
        const breaker = yield* make(short)
        yield* trip(breaker)
        yield* TestClock.adjust("40 seconds")
        expect(yield* breaker.state(key)).toMatchObject({ _tag: "Open", retryAfter: Duration.zero })
        const answer = yield* Deferred.make<void>()
        const probe = yield* Effect.forkChild(reason(breaker, Deferred.await(answer)), { startImmediately: true })
        expect(yield* breaker.state(key)).toEqual({ _tag: "HalfOpen", key, probing: true, consecutiveOpenings: 1 })
        expect(yield* reason(breaker)).toBe("CircuitHalfOpen")
        yield* Deferred.succeed(answer, undefined)
        expect(yield* Fiber.join(probe)).toBe("ran")
        expect(yield* tag(breaker)).toBe("Closed")
      })
  )

  it.effect("a probe that fails reopens; one that is ignored or interrupted frees its place", () =>
    Effect.gen(function* () {
      const breaker = yield* make(short)
      yield* trip(breaker)
      yield* TestClock.adjust("30 seconds")
      yield* Effect.exit(breaker.execute(failing, { key, classify: () => Builtin.ignored }))
      expect(yield* breaker.state(key)).toMatchObject({ _tag: "HalfOpen", probing: false })
      const probe = yield* Effect.forkChild(run(breaker, Effect.never), { startImmediately: true })
      yield* Fiber.interrupt(probe)
      expect(yield* breaker.state(key)).toMatchObject({ _tag: "HalfOpen", probing: false })
      yield* run(breaker)
      expect(yield* breaker.state(key)).toMatchObject({ _tag: "Open", consecutiveOpenings: 2 })
    })
  )

  it.effect("a classifier reads the exit, at once or as an effect with needs of its own", () =>
    Effect.gen(function* () {
      class Verdicts extends Context.Service<
        Verdicts,
        { readonly of: (exit: Exit.Exit<number, string>) => Builtin.Outcome }
      >()("test/Verdicts") {}
      const breaker = yield* make({ ...short, tripPolicy: Builtin.consecutive(1) })
      const answer = breaker.execute(Effect.succeed(503), {
        key: "at once",
        classify: (exit) => (Exit.isSuccess(exit) && exit.value === 503 ? Builtin.failure() : Builtin.success)
      })
      expect(yield* answer).toBe(503)
      expect(yield* tag(breaker, "at once")).toBe("Open")
      const asked = Effect.fail("mistake").pipe(
        breaker.execute({ key: "asked", classify: (exit) => Effect.map(Verdicts, ({ of }) => of(exit)) }),
        Effect.provideService(Verdicts, { of: () => Builtin.ignored })
      )
      expect(yield* Effect.flip(asked)).toBe("mistake")
      expect(yield* tag(breaker, "asked")).toBe("Closed")
    })
  )

  it.effect("a classifier that throws or dies makes the call die and says nothing of the dependency", () =>
    Effect.gen(function* () {
      const breaker = yield* make({ ...short, tripPolicy: Builtin.consecutive(1) })
      const thrown = yield* Effect.exit(
        breaker.execute(failing, {
          key,
          classify: () => {
            throw new Error("mistake in the classifier")
          }
        })
      )
      const died = yield* Effect.exit(breaker.execute(Effect.void, { key, classify: () => Effect.die("boom") }))
      expect(Exit.isFailure(thrown) && [Cause.hasFails(thrown.cause), Cause.hasDies(thrown.cause)]).toEqual([
        true,
        true
      ])
      expect(Exit.isFailure(died) && Cause.hasDies(died.cause)).toBe(true)
      expect(yield* tag(breaker)).toBe("Closed")
    })
  )

  it.effect("the n-th opening in a row lasts the schedule's n-th delay, and its last delay repeats", () =>
    Effect.gen(function* () {
      const openDuration = Schedule.exponential("1 second").pipe(Schedule.upTo({ duration: "5 seconds" }))
      const breaker = yield* make({ tripPolicy: Builtin.consecutive(1), openDuration })
      const times: Array<number> = []
      for (let opening = 1; opening <= 5; opening++) {
        yield* run(breaker)
        const state = yield* breaker.state(key)
        times.push(state._tag === "Open" ? Duration.toSeconds(state.retryAfter) : NaN)
        yield* TestClock.adjust("20 seconds")
      }
      expect(times).toEqual([1, 2, 4, 4, 4])
    })
  )

  it.effect("a schedule whose delays grow past all bounds opens for as long as it says", () =>
    Effect.gen(function* () {
      const openDuration = Schedule.exponential("1 second", 1e8)
      const breaker = yield* make({ tripPolicy: Builtin.consecutive(1), openDuration })
      yield* run(breaker)
      expect(yield* breaker.state(key)).toMatchObject({ _tag: "Open", retryAfter: Duration.seconds(1) })
    })
  )

  it.effect("a retryAfter lengthens an opening, up to maxOpenDuration, and never shortens it", () =>
    Effect.gen(function* () {
      const breaker = yield* make({
        tripPolicy: Builtin.consecutive(1),
        openDuration: "30 seconds",
        maxOpenDuration: "1 minute"
      })
      expect(yield* openedBy(breaker, "1 second")).toBe(30)
      expect(yield* openedBy(breaker, "45 seconds")).toBe(45)
      expect(yield* openedBy(breaker, "1 hour")).toBe(60)
      expect(yield* openedBy(breaker, Duration.infinity)).toBe(60)
      // A time that has passed, as of a date.
      expect(yield* openedBy(breaker, Duration.seconds(-5))).toBe(30)
    })
  )

  it.effect("without an end to what a retryAfter may ask for it gets what it asks for", () =>
    Effect.gen(function* () {
      const breaker = yield* make({
        tripPolicy: Builtin.consecutive(1),
        openDuration: "30 seconds",
        maxOpenDuration: Duration.infinity
      })
      expect(yield* openedBy(breaker, "1 second")).toBe(30)
      expect(yield* openedBy(breaker, "2 days")).toBe(172_800)
    })
  )

  it.effect("the count of openings survives a close, until closed for as long as it was last open", () =>
    Effect.gen(function* () {
      const breaker = yield* make({ ...short, tripPolicy: Builtin.consecutive(1) })
      const openings = Effect.map(breaker.state(key), (state) =>
        state._tag === "Open" ? state.consecutiveOpenings : 0
      )
      const reopenAfter = (closedFor: Duration.Input) =>
        Effect.gen(function* () {
          yield* TestClock.adjust("30 seconds")
          yield* run(breaker, Effect.void)
          yield* TestClock.adjust(closedFor)
          yield* run(breaker)
          return yield* openings
        })
      yield* run(breaker)
      expect(yield* openings).toBe(1)
      expect(yield* reopenAfter("29 seconds")).toBe(2)
      expect(yield* reopenAfter("31 seconds")).toBe(1)
    })
  )

  it.effect("a rate opens at its threshold once it has seen enough", () =>
    Effect.gen(function* () {
      const breaker = yield* make({
        tripPolicy: Builtin.rate({ threshold: 0.5, size: 4, minimumCalls: 4 }),
        openDuration: "30 seconds"
      })
      yield* run(breaker)
      yield* run(breaker)
      yield* run(breaker, Effect.void)
      expect(yield* tag(breaker)).toBe("Closed")
      yield* run(breaker)
      expect(yield* tag(breaker)).toBe("Open")
    })
  )

  it.effect("a rate with a threshold of 0 opens at the first failure", () =>
    Effect.gen(function* () {
      const breaker = yield* make({
        tripPolicy: Builtin.rate({ threshold: 0, size: 10, minimumCalls: 2 }),
        openDuration: "30 seconds"
      })
      yield* run(breaker, Effect.void)
      yield* run(breaker, Effect.void)
      expect(yield* tag(breaker)).toBe("Closed")
      yield* run(breaker)
      expect(yield* tag(breaker)).toBe("Open")
    })
  )

  it.effect("what was admitted before a trip runs to its end and changes nothing", () =>
    Effect.gen(function* () {
      const breaker = yield* make(short)
      const answer = yield* Deferred.make<void>()
      const early = yield* Effect.forkChild(reason(breaker, Deferred.await(answer)), { startImmediately: true })
      yield* trip(breaker)
      yield* Deferred.succeed(answer, undefined)
      expect(yield* Fiber.join(early)).toBe("ran")
      expect(yield* tag(breaker)).toBe("Open")
    })
  )

  it.effect("transitions are the legal edges, and end with the scope", () =>
    Effect.gen(function* () {
      const ended = yield* Effect.gen(function* () {
        const breaker = yield* make(short)
        const watcher = yield* Effect.forkDetach(Stream.runCollect(breaker.transitions), { startImmediately: true })
        yield* trip(breaker)
        yield* TestClock.adjust("30 seconds")
        yield* run(breaker)
        yield* TestClock.adjust("30 seconds")
        yield* run(breaker, Effect.void)
        return watcher
      }).pipe(Effect.scoped)
      const opened = { key, to: "Open", retryAfter: Duration.seconds(30) }
      expect(yield* Fiber.join(ended)).toEqual([
        { ...opened, from: "Closed", consecutiveOpenings: 1 },
        { key, from: "Open", to: "HalfOpen" },
        { ...opened, from: "HalfOpen", consecutiveOpenings: 2 },
        { key, from: "Open", to: "HalfOpen" },
        { key, from: "HalfOpen", to: "Closed" }
      ])
    })
  )

  it.effect("a key is forgotten after an hour without a call, and not before", () =>
    Effect.gen(function* () {
      const breaker = yield* make(short)
      for (const [minutes, state] of [
        [50, "Open"],
        [70, "Closed"]
      ] as const) {
        const of = `after ${minutes}`
        const fail = Effect.exit(breaker.execute(failing, { key: of }))
        yield* fail
        yield* TestClock.adjust(Duration.minutes(minutes))
        yield* breaker.execute(Effect.void, { key: `other than ${of}` })
        yield* fail
        expect(yield* tag(breaker, of)).toBe(state)
      }
    })
  )

  it.effect("keys do not know each other", () =>
    Effect.gen(function* () {
      const breaker = yield* make(short)
      yield* trip(breaker)
      expect([yield* tag(breaker), yield* tag(breaker, "search")]).toEqual(["Open", "Closed"])
    })
  )
})

const both = Effect.all({
  builtIn: builtIn({ ...short, tripPolicy: Builtin.consecutive(1) }),
  onTruce: BuiltinBreaker.make({ ...short, tripPolicy: Builtin.consecutive(1) })
})
type Both = { readonly builtIn: Builtin.CircuitBreaker; readonly onTruce: Builtin.CircuitBreaker }
const onBoth = <A, E, R>({ builtIn, onTruce }: Both, f: (breaker: Builtin.CircuitBreaker) => Effect.Effect<A, E, R>) =>
  Effect.all([f(builtIn), f(onTruce)])

describe("what differs from the built-in breaker", () => {
  it.effect("the circuit closes after two net successes, there after one", () =>
    Effect.gen(function* () {
      const breakers = yield* both
      yield* onBoth(breakers, run)
      yield* TestClock.adjust("30 seconds")
      yield* onBoth(breakers, (breaker) => run(breaker, Effect.void))
      expect(yield* onBoth(breakers, tag)).toEqual(["Closed", "HalfOpen"])
      yield* onBoth(breakers, (breaker) => run(breaker, Effect.void))
      expect(yield* onBoth(breakers, tag)).toEqual(["Closed", "Closed"])
    })
  )

  it.effect("a probe that hangs is replaced when its lease ends, there it holds its place for ever", () =>
    Effect.gen(function* () {
      const breakers = yield* both
      yield* onBoth(breakers, run)
      yield* TestClock.adjust("30 seconds")
      yield* onBoth(breakers, (breaker) => Effect.forkChild(run(breaker, Effect.never), { startImmediately: true }))
      yield* TestClock.adjust("1 hour")
      expect(yield* onBoth(breakers, reason)).toEqual(["CircuitHalfOpen", "ran"])
    })
  )

  it.effect("as many probes run at once as there are permits", () =>
    Effect.gen(function* () {
      const breaker = yield* BuiltinBreaker.make({ ...short, permits: 2 })
      yield* trip(breaker)
      yield* TestClock.adjust("30 seconds")
      for (let probe = 0; probe < 2; probe++) {
        yield* Effect.forkChild(run(breaker, Effect.never), { startImmediately: true })
      }
      expect(yield* reason(breaker)).toBe("CircuitHalfOpen")
    })
  )

  it.effect("a success never opens, there it does where it completes what a rate asks for", () =>
    Effect.gen(function* () {
      const options = { tripPolicy: Builtin.rate({ threshold: 0.5, size: 2 }), openDuration: "30 seconds" } as const
      const breakers = { builtIn: yield* builtIn(options), onTruce: yield* BuiltinBreaker.make(options) }
      yield* onBoth(breakers, run)
      yield* onBoth(breakers, (breaker) => run(breaker, Effect.void))
      expect(yield* onBoth(breakers, tag)).toEqual(["Open", "Closed"])
    })
  )

  it.effect(
    "without a trip policy the health score decides: failures among successes open it, one caller's row does not",
    () =>
      Effect.gen(function* () {
        const breaker = yield* BuiltinBreaker.make()
        let calls = 0
        while ((yield* tag(breaker)) === "Closed" && calls < 200) {
          calls++
          yield* run(breaker, calls % 5 === 0 ? Effect.void : failing)
        }
        expect(calls).toBeGreaterThan(5)
        expect(calls).toBeLessThan(40)
      })
  )

  it.effect("retry belongs outside: each request is seen, where a threshold of 5 lets 15 through inside", () =>
    Effect.gen(function* () {
      const requests = (inside: boolean) =>
        Effect.gen(function* () {
          const breaker = yield* BuiltinBreaker.make({ ...short, tripPolicy: Builtin.consecutive(5) })
          const sent = yield* Ref.make(0)
          const request = Effect.andThen(
            Ref.update(sent, (n) => n + 1),
            failing
          )
          const retried = <A, E>(effect: Effect.Effect<A, E>) =>
            Effect.retry(effect, { times: 2, while: (error) => !(error instanceof Builtin.CircuitBreakerError) })
          const call = inside ? breaker.execute(retried(request), { key }) : retried(breaker.execute(request, { key }))
          while ((yield* tag(breaker)) === "Closed") yield* Effect.exit(call)
          return yield* Ref.get(sent)
        })
      expect([yield* requests(true), yield* requests(false)]).toEqual([15, 5])
    })
  )

  it.effect("a wall clock that steps an hour back changes nothing, there the circuit stays open an hour more", () =>
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const breakers = yield* both
      yield* onBoth(breakers, run)
      yield* TestClock.adjust("30 seconds")
      const back: Clock.Clock = {
        currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() - 3_600_000_000_000n,
        currentTimeNanos: Effect.map(clock.currentTimeNanos, (nanos) => nanos - 3_600_000_000_000n),
        monotonicTimeNanos: clock.monotonicTimeNanos,
        currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - 3_600_000,
        currentTimeMillis: Effect.map(clock.currentTimeMillis, (millis) => millis - 3_600_000),
        monotonicTimeNanosUnsafe: () => clock.monotonicTimeNanosUnsafe(),
        sleep: (duration) => clock.sleep(duration)
      }
      const asked = onBoth(breakers, (breaker) => reason(breaker))
      expect(yield* Effect.provideService(asked, Clock.Clock, back)).toEqual(["CircuitOpen", "ran"])
    })
  )

  it.effect("circuits belong to the service, there to a store that several can share", () =>
    Effect.gen(function* () {
      const one = yield* BuiltinBreaker.make(short)
      const other = yield* BuiltinBreaker.make(short)
      yield* trip(one)
      expect(yield* tag(other)).toBe("Closed")
      const live = BuiltinBreaker.layerFromTruce.pipe(Layer.provideMerge(Truce.layer()))
      const shared = Effect.gen(function* () {
        const breakers = [yield* BuiltinBreaker.fromTruce, yield* Builtin.CircuitBreaker]
        yield* CircuitBreaker.isolate(key, "maintenance")
        return yield* Effect.forEach(breakers, (breaker) => tag(breaker))
      })
      expect(yield* Effect.provide(shared, live)).toEqual(["Open", "Open"])
    })
  )

  it.effect("an operator's control shows in the states and edges that the built-in knows", () =>
    Effect.gen(function* () {
      const breaker = yield* Builtin.CircuitBreaker
      const edges = yield* Effect.forkChild(Stream.runCollect(Stream.take(breaker.transitions, 2)), {
        startImmediately: true
      })
      yield* CircuitBreaker.isolate(key, "maintenance")
      expect(yield* reason(breaker)).toBe("CircuitOpen")
      expect(yield* breaker.state(key)).toMatchObject({ _tag: "Open", retryAfter: Duration.infinity })
      yield* CircuitBreaker.disable(key, "load test")
      expect([yield* tag(breaker), yield* reason(breaker)]).toEqual(["Closed", "ran"])
      yield* CircuitBreaker.observe(key, "trying it out")
      expect(yield* tag(breaker)).toBe("Closed")
      expect(yield* Fiber.join(edges)).toMatchObject([
        { key, from: "Closed", to: "Open", retryAfter: Duration.infinity },
        { key, from: "HalfOpen", to: "Closed" }
      ])
    }).pipe(Effect.provide(BuiltinBreaker.layerFromTruce.pipe(Layer.provideMerge(Truce.layer()))))
  )

  it.effect(
    "a circuit that is observed is closed to who watches its edges, and whatever ends that starts from there",
    () =>
      Effect.gen(function* () {
        const breaker = yield* Builtin.CircuitBreaker
        const told: Array<string> = []
        yield* Effect.forkChild(
          Stream.runForEach(breaker.transitions, ({ from, to }) => Effect.sync(() => told.push(`${from} ${to}`))),
          { startImmediately: true }
        )
        const since = (change: Effect.Effect<unknown, never, CircuitBreaker.CircuitBreaker>) =>
          Effect.gen(function* () {
            yield* change
            yield* Effect.yieldNow
            return [...told.splice(0), yield* tag(breaker)]
          })
        expect(yield* since(trip(breaker))).toEqual(["Closed Open", "Open"])
        expect(yield* since(CircuitBreaker.observe(key, "trying it out"))).toEqual(["HalfOpen Closed", "Closed"])
        expect(yield* since(CircuitBreaker.isolate(key, "maintenance"))).toEqual(["Closed Open", "Open"])
        expect(yield* since(CircuitBreaker.reset(key, "done"))).toEqual(["HalfOpen Closed", "Closed"])
        expect(yield* since(CircuitBreaker.observe(key, "trying it out"))).toEqual(["Closed"])
        expect(yield* since(trip(breaker))).toEqual(["Closed"])
        expect(yield* since(CircuitBreaker.disable(key, "load test"))).toEqual(["Closed"])
      }).pipe(
        Effect.provide(
          BuiltinBreaker.layerFromTruce.pipe(
            Layer.provideMerge(Truce.layer({ model: HealthModel.consecutive({ failures: 1 }) }))
          )
        )
      )
  )

  it.effect("the jitter of a schedule is drawn once for all keys, there at each opening", () =>
    Effect.gen(function* () {
      const options: Options = {
        tripPolicy: Builtin.consecutive(1),
        openDuration: Schedule.jittered(Schedule.spaced("10 seconds"))
      }
      const breakers = { builtIn: yield* builtIn(options), onTruce: yield* BuiltinBreaker.make(options) }
      const openTimes = yield* onBoth(breakers, (breaker) =>
        Effect.forEach([1, 2, 3], (millis) => openedBy(breaker, millis))
      )
      expect(openTimes.map((times) => new Set(times).size)).toEqual([3, 1])
    })
  )

  it.effect("with slowStart some calls are rejected as by an open circuit while the state says closed", () =>
    Effect.gen(function* () {
      const breaker = yield* BuiltinBreaker.make({
        ...short,
        tripPolicy: Builtin.consecutive(1),
        closeAt: 0.4,
        slowStart: { within: "1 minute" }
      })
      for (let opening = 0; opening < 2; opening++) {
        yield* run(breaker)
        yield* TestClock.adjust("1 minute")
        yield* run(breaker, Effect.void)
      }
      const answers = yield* Effect.replicateEffect(reason(breaker), 20)
      expect(new Set(answers)).toEqual(new Set(["ran", "CircuitOpen"]))
      expect(yield* tag(breaker)).toBe("Closed")
    })
  )

  it.effect("an open time without end is an InvalidOption when the layer is built, there it is one", () =>
    Effect.gen(function* () {
      const endless = yield* builtIn({ ...short, openDuration: Duration.infinity })
      yield* trip(endless)
      expect(yield* endless.state(key)).toMatchObject({ _tag: "Open", retryAfter: Duration.infinity })
      const exit = yield* Effect.exit(BuiltinBreaker.make({ openDuration: Duration.infinity }))
      expect(Exit.isFailure(exit) && String(Cause.squash(exit.cause))).toBe(
        "InvalidOption: BuiltinBreaker: openDuration must be finite, got Infinity"
      )
    })
  )

  it.effect("a time that cannot be read is an InvalidOption by the name it was given under", () =>
    Effect.gen(function* () {
      // As an environment or a file gives it: the type does not stop it there.
      const soon: unknown = "1 sec"
      const refused = (options: BuiltinBreaker.Options) =>
        Effect.map(Effect.exit(BuiltinBreaker.make(options)), (exit) =>
          Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "built"
        )
      const said = (option: string) =>
        `InvalidOption: BuiltinBreaker: ${option} must be a duration such as "500 millis", got "1 sec"`
      expect(yield* refused({ openDuration: soon as Duration.Input })).toBe(said("openDuration"))
      expect(yield* refused({ maxOpenDuration: soon as Duration.Input })).toBe(said("maxOpenDuration"))
    })
  )
})

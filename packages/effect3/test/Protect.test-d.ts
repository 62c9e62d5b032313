// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file globalErrorInEffectFailure:skip-file
import type { Tables } from "@truce/core"
import {
  type AttemptTimeout,
  type CircuitBreaker,
  type CircuitOpen,
  Classifier,
  HealthModel,
  RetryExhausted,
  type RetryPolicy,
  Truce
} from "@truce/effect3"
import { Context, Data, Effect, type Layer, pipe } from "effect"
import { describe, expectTypeOf, it } from "vitest"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
class Refused extends Data.TaggedError("Refused")<{ readonly port: number }> {}
class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}
class Stranger extends Data.TaggedError("Stranger")<{}> {}
class Database extends Context.Tag("Database")<Database, { readonly name: string }>() {}

interface User {
  readonly name: string
}

type Open = CircuitOpen.CircuitOpen
type Exhausted<E> = RetryExhausted.RetryExhausted<E>

declare const fetchUser: (id: string) => Effect.Effect<User, Timeout | NotFound, Database>
declare const never: Effect.Effect<User>
declare const stranger: Effect.Effect<User, Timeout | Stranger>

const classify = Classifier.tags<Timeout | Refused | NotFound>()({
  Timeout: "retriable",
  Refused: Classifier.retriable({ weight: 0.5 }),
  NotFound: "permanent"
})
const key = "users-api"
const protect = Truce.protect({ key, classify })

describe("Truce.protect", () => {
  it("keeps permanent errors, wraps retriable ones and adds the rejection", () => {
    expectTypeOf(fetchUser("1").pipe(protect)).toEqualTypeOf<
      Effect.Effect<User, NotFound | Exhausted<Timeout> | Open, Database | Truce.Truce>
    >()
  })

  it("infers alike in pipe, in a pipeline and data-first", () => {
    const piped = pipe(fetchUser("1"), Truce.protect({ key, classify }))
    const method = fetchUser("1").pipe(Truce.protect({ key, classify }))
    expectTypeOf(method).toEqualTypeOf(piped)
    expectTypeOf(Truce.protect(fetchUser("1"), { key, classify })).toEqualTypeOf(piped)
  })

  it("has no RetryExhausted where no error is retriable", () => {
    const missing: Effect.Effect<User, NotFound> = Effect.fail(new NotFound({ id: "1" }))
    expectTypeOf(protect(missing)).toEqualTypeOf<Effect.Effect<User, NotFound | Open, Truce.Truce>>()
  })

  it("can only be rejected where the effect cannot fail", () => {
    expectTypeOf(protect(never)).toEqualTypeOf<Effect.Effect<User, Open, Truce.Truce>>()
    const nothing = Classifier.make<never>(() => true)
    expectTypeOf(Truce.protect(never, { key, classify: nothing })).toEqualTypeOf<
      Effect.Effect<User, Open, Truce.Truce>
    >()
  })

  it("adds AttemptTimeout only with an attemptTimeout", () => {
    const limited = Truce.protect({ key, classify, attemptTimeout: "1 second" })
    expectTypeOf(limited(fetchUser("1"))).toEqualTypeOf<
      Effect.Effect<User, NotFound | Exhausted<Timeout | AttemptTimeout.AttemptTimeout> | Open, Database | Truce.Truce>
    >()
    expectTypeOf(limited(never)).toEqualTypeOf<
      Effect.Effect<User, Exhausted<AttemptTimeout.AttemptTimeout> | Open, Truce.Truce>
    >()
    expectTypeOf(Truce.protect(never, { key, classify, attemptTimeout: 100 })).toEqualTypeOf(limited(never))
  })

  it("keeps what the effect requires and adds itself alone", () => {
    expectTypeOf(protect(fetchUser("1"))).toMatchTypeOf<Effect.Effect<User, unknown, Database | Truce.Truce>>()
    expectTypeOf<Effect.Effect.Context<ReturnType<typeof protect<User, NotFound, Database>>>>().toEqualTypeOf<
      Database | Truce.Truce
    >()
  })

  it("can be used in a function that is generic in what it protects", () => {
    const onlyTimeout = Classifier.tags<Timeout>()({ Timeout: "retriable" })
    const guard = <A, R>(self: Effect.Effect<A, Timeout, R>) => self.pipe(Truce.protect({ key, classify: onlyTimeout }))
    const user: Effect.Effect<User, Timeout, Database> = Effect.fail(new Timeout())
    expectTypeOf(guard(user)).toEqualTypeOf<Effect.Effect<User, Open | Exhausted<Timeout>, Database | Truce.Truce>>()
  })

  it("keeps E in both places where only a predicate splits it", () => {
    const byPredicate = Classifier.make((error: Error) => error.message === "again")
    const self: Effect.Effect<User, Error> = Effect.fail(new Error("no"))
    expectTypeOf(Truce.protect(self, { key, classify: byPredicate })).toEqualTypeOf<
      Effect.Effect<User, Error | Exhausted<Error> | Open, Truce.Truce>
    >()
  })

  it("loses no error where one type has several tags", () => {
    interface Problem {
      readonly _tag: "Timeout" | "NotFound"
    }
    const byTag = Classifier.tags<Problem | Stranger>()({
      Timeout: "retriable",
      NotFound: "permanent",
      Stranger: "permanent"
    })
    const self = Effect.fail<Problem | Stranger>(new Stranger())
    expectTypeOf(Truce.protect(self, { key, classify: byTag })).toEqualTypeOf<
      Effect.Effect<never, Problem | Stranger | Exhausted<Problem> | Open, Truce.Truce>
    >()
  })

  it("loses no error where the word for it is known only when it runs", () => {
    const ruled = (rule: Classifier.TagRule<Timeout>) =>
      Truce.protect(Effect.fail(new Timeout()), { key, classify: Classifier.tags<Timeout>()({ Timeout: rule }) })
    expectTypeOf(ruled("permanent")).toEqualTypeOf<
      Effect.Effect<never, Timeout | Exhausted<Timeout> | Open, Truce.Truce>
    >()
  })

  it("has RetryExhausted where a refinement finds what is retriable in a wider type", () => {
    class Temporary extends Error {
      readonly isTemporary = true
    }
    const byClass = Classifier.refine((error: Error): error is Temporary => error instanceof Temporary)
    const self: Effect.Effect<User, Error> = Effect.fail(new Error("no"))
    expectTypeOf(Truce.protect(self, { key, classify: byClass })).toEqualTypeOf<
      Effect.Effect<User, Error | Exhausted<Temporary> | Open, Truce.Truce>
    >()
  })

  it("splits by class with a refinement", () => {
    class Temporary extends Error {
      readonly isTemporary = true
    }
    class Final extends Error {
      readonly isFinal = true
    }
    const byClass = Classifier.refine((error: Temporary | Final): error is Temporary => error instanceof Temporary)
    const self: Effect.Effect<User, Temporary | Final> = Effect.fail(new Final())
    expectTypeOf(Truce.protect(self, { key, classify: byClass })).toEqualTypeOf<
      Effect.Effect<User, Final | Exhausted<Temporary> | Open, Truce.Truce>
    >()
  })

  it("does not compile with an error that is not classified", () => {
    // @ts-expect-error Stranger is not one of the classifier's errors
    protect(stranger)
    // @ts-expect-error nor data-first
    Truce.protect(stranger, { key, classify })
    // @ts-expect-error nor in a pipe
    stranger.pipe(Truce.protect({ key, classify }))
  })

  it("does not compile with an option that there is none of", () => {
    // @ts-expect-error atempts
    Truce.protect({ key, classify, atempts: 3 })
    // @ts-expect-error retry has no such option
    Truce.protect({ key, classify, retry: { threshold: 3 } })
    // @ts-expect-error a key is needed
    Truce.protect({ classify })
    // @ts-expect-error a classifier is needed
    Truce.protect({ key })
  })

  it("shares no namespace with the arguments of the user's function: an effect is a value", () => {
    const search = (options: { readonly key: number; readonly retry: boolean; readonly classify: string }) =>
      Effect.succeed(options.key)
    const found = search({ key: 7, retry: true, classify: "books" }).pipe(protect)
    expectTypeOf(found).toEqualTypeOf<Effect.Effect<number, Open, Truce.Truce>>()
  })
})

describe("after protect", () => {
  const protectedUser = fetchUser("1").pipe(protect)

  it("a permanent error is caught by its own tag", () => {
    const caught = protectedUser.pipe(
      Effect.catchTag("NotFound", (error) => {
        expectTypeOf(error.id).toEqualTypeOf<string>()
        return Effect.succeed("nobody")
      })
    )
    expectTypeOf(caught).toEqualTypeOf<
      Effect.Effect<User | string, Exhausted<Timeout> | Open, Database | Truce.Truce>
    >()
  })

  it("a retriable one is gone from the channel", () => {
    // @ts-expect-error Timeout exists only inside RetryExhausted
    protectedUser.pipe(Effect.catchTag("Timeout", () => Effect.void))
  })

  it("the errors of the attempts narrow by tag", () => {
    const refusing: Effect.Effect<User, Timeout | Refused> = Effect.fail(new Timeout())
    Effect.catchTag(protect(refusing), "RetryExhausted", (exhausted) => {
      const [{ error }] = exhausted.attempts
      expectTypeOf(error).toEqualTypeOf<Timeout | Refused>()
      if (error._tag === "Refused") expectTypeOf(error.port).toEqualTypeOf<number>()
      expectTypeOf(exhausted.lastError).toEqualTypeOf<Timeout | Refused>()
      expectTypeOf(exhausted.reason).toEqualTypeOf<
        "attempts" | "deadline" | "budget" | "circuit-open" | "not-repeatable"
      >()
      return Effect.void
    })
  })

  it("every error can be handled once", () => {
    const handled = protectedUser.pipe(
      Effect.catchTags({
        NotFound: () => Effect.succeed("nobody"),
        CircuitOpen: (error) => Effect.succeed(error.message),
        RetryExhausted: (error) => Effect.succeed(error.message)
      })
    )
    expectTypeOf(handled).toEqualTypeOf<Effect.Effect<User | string, never, Database | Truce.Truce>>()
  })

  it("RetryExhausted is covariant in its errors", () => {
    expectTypeOf<Exhausted<Timeout>>().toMatchTypeOf<Exhausted<Timeout | Refused>>()
    expectTypeOf<Exhausted<Timeout | Refused>>().not.toMatchTypeOf<Exhausted<Timeout>>()
  })
})

describe("a timeout", () => {
  type Ended = AttemptTimeout.AttemptTimeout
  const attemptTimeout = "1 second"
  const ofInsert = (retryTimeouts: boolean) =>
    Truce.protect({ key, classify, attemptTimeout, retry: { retryTimeouts } })(never)

  it("is outside RetryExhausted where it is not to be retried", () => {
    const once = Truce.protect({ key, classify, attemptTimeout, retry: { attempts: 2, retryTimeouts: false } })
    expectTypeOf(once(fetchUser("1"))).toEqualTypeOf<
      Effect.Effect<User, NotFound | Ended | Exhausted<Timeout> | Open, Database | Truce.Truce>
    >()
    const again = Truce.protect({ key, classify, attemptTimeout, retry: { retryTimeouts: true } })
    expectTypeOf(again(never)).toEqualTypeOf<Effect.Effect<User, Exhausted<Ended> | Open, Truce.Truce>>()
  })

  it("is in both places where that is known only when it runs", () => {
    expectTypeOf(ofInsert(false)).toEqualTypeOf<Effect.Effect<User, Ended | Exhausted<Ended> | Open, Truce.Truce>>()
  })

  it("may be, where a limit may be", () => {
    const maybe = (attemptTimeout: number | undefined) => Truce.protect(never, { key, classify, attemptTimeout })
    expectTypeOf(maybe(1)).toEqualTypeOf<Effect.Effect<User, Exhausted<Ended> | Open, Truce.Truce>>()
    expectTypeOf(Truce.protect(never, { key, classify, attemptTimeout: undefined })).toEqualTypeOf<
      Effect.Effect<User, Open, Truce.Truce>
    >()
  })
})

describe("Truce.protectAll", () => {
  const keys = ["host", "tenant"] as const

  it("has the errors of protect", () => {
    expectTypeOf(fetchUser("1").pipe(Truce.protectAll({ keys, classify }))).toEqualTypeOf(fetchUser("1").pipe(protect))
    const limits = { classify, attemptTimeout: "1 second", retry: { retryTimeouts: false } } as const
    expectTypeOf(Truce.protectAll(never, { keys, ...limits })).toEqualTypeOf(Truce.protect(never, { key, ...limits }))
  })

  it("has one key at least", () => {
    // @ts-expect-error no key
    Truce.protectAll(never, { keys: [], classify })
  })
})

describe("options", () => {
  it("take models of any kind, side by side, under one type", () => {
    const options: Truce.Options = {
      model: HealthModel.consecutive({ failures: 3 }),
      overrides: { "payments-*": { model: HealthModel.timeWindow() }, "mail-*": { model: HealthModel.ledger() } }
    }
    expectTypeOf(Truce.layer(options)).toEqualTypeOf<Layer.Layer<Truce.Services>>()
  })
})

describe("the table of options", () => {
  it("has those of a circuit and of a retry, no more and no fewer", () => {
    type InCode = "schedule" | "retryTimeouts" | "jitter"
    expectTypeOf<keyof CircuitBreaker.Options>().toEqualTypeOf<keyof typeof Tables.circuit>()
    expectTypeOf<Exclude<keyof RetryPolicy.CallOptions, InCode>>().toEqualTypeOf<
      keyof typeof Tables.call | keyof typeof Tables.backoff
    >()
  })
})

// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file globalErrorInEffectFailure:skip-file
import {
  type AttemptTimeout,
  CircuitBreaker,
  type CircuitOpen,
  Classifier,
  Dependency,
  HealthModel,
  HealthScore,
  type PolicyConflict,
  RetryBudget,
  RetryExhausted,
  RetryPolicy,
  Transaction,
  Truce
} from "@truce/effect3"
import { Config, type ConfigError, Context, Data, Effect, Layer, type STM, Schedule, Schema } from "effect"
import { describe, expectTypeOf, it } from "vitest"
import { whileInput } from "./platform/Schedules.ts"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}
class Database extends Context.Tag("Database")<Database, { readonly name: string }>() {}

type Open = CircuitOpen.CircuitOpen
type Breaker = CircuitBreaker.CircuitBreaker

declare const fetchUser: Effect.Effect<string, Timeout | NotFound, Database>

const classify = Classifier.tags<Timeout | NotFound>()({ Timeout: "retriable", NotFound: "permanent" })
const key = "users-api"

describe("Classifier.tags", () => {
  it("does not compile without a tag", () => {
    // @ts-expect-error NotFound is forgotten
    Classifier.tags<Timeout | NotFound>()({ Timeout: "retriable" })
  })

  it("does not compile with a tag that the errors do not have", () => {
    // @ts-expect-error Refused is unknown
    Classifier.tags<Timeout>()({ Timeout: "retriable", Refused: "permanent" })
  })

  it("does not compile with another word", () => {
    // @ts-expect-error "sometimes" is neither
    Classifier.tags<Timeout>()({ Timeout: "sometimes" })
  })

  it("does not compile without the errors, or with errors whose tag is any string", () => {
    // @ts-expect-error no errors were named
    Classifier.tags()({ Timeout: "retriable" })
    // @ts-expect-error no table over all strings is exhaustive
    Classifier.tags<{ readonly _tag: string }>()({ Timeout: "retriable" })
    // @ts-expect-error nor one over all that begin alike
    Classifier.tags<{ readonly _tag: `Time${string}` }>()({ Timeout: "retriable" })
    Classifier.tags<never>()({})
  })

  it("narrows the errors that are retriable", () => {
    const error = new Timeout() as Timeout | NotFound
    if (classify.isRetriable(error)) expectTypeOf(error).toEqualTypeOf<Timeout>()
    else expectTypeOf(error).toEqualTypeOf<NotFound>()
    if (classify.permanent(error)) expectTypeOf(error).toEqualTypeOf<NotFound>()
  })

  it("gives the error of each rule its type", () => {
    Classifier.tags<NotFound>()({
      NotFound: Classifier.retriable({ retryAfter: (error: NotFound) => error.id.length })
    })
    Classifier.tags<Timeout>()({
      // @ts-expect-error a rule for another error
      Timeout: Classifier.retriable({ retryAfter: (error: NotFound) => error.id.length })
    })
  })
})

describe("CircuitBreaker.execute", () => {
  const execute = CircuitBreaker.execute({ key, classify })

  it("keeps every error and adds the rejection", () => {
    expectTypeOf(fetchUser.pipe(execute)).toEqualTypeOf<
      Effect.Effect<string, Timeout | NotFound | Open, Database | Breaker>
    >()
  })

  it("infers alike data-first", () => {
    expectTypeOf(CircuitBreaker.execute(fetchUser, { key, classify })).toEqualTypeOf(execute(fetchUser))
  })

  it("adds AttemptTimeout only with an attemptTimeout", () => {
    expectTypeOf(CircuitBreaker.execute(fetchUser, { key, classify, attemptTimeout: "1 second" })).toEqualTypeOf<
      Effect.Effect<string, Timeout | NotFound | AttemptTimeout.AttemptTimeout | Open, Database | Breaker>
    >()
  })

  it("only rejects an effect that cannot fail", () => {
    expectTypeOf(execute(Effect.succeed(1))).toEqualTypeOf<Effect.Effect<number, Open, Breaker>>()
  })

  it("does not compile with an error that is not classified", () => {
    // @ts-expect-error Error is not one of the classifier's errors
    execute(Effect.fail(new Error()))
  })

  it("fits a plain Effect.retry, whose while narrows nothing away that may be left", () => {
    const retried = fetchUser.pipe(
      execute,
      Effect.retry({ schedule: Schedule.recurs(2), while: (error) => classify.isRetriable(error) }),
      Truce.call
    )
    expectTypeOf(retried).toEqualTypeOf<Effect.Effect<string, Timeout | NotFound | Open, Database | Breaker>>()
  })

  it("is executeAll under several keys, of which there is one at least", () => {
    const all = CircuitBreaker.executeAll(fetchUser, { keys: ["host", "tenant"], classify })
    expectTypeOf(all).toEqualTypeOf(execute(fetchUser))
    // @ts-expect-error no key
    CircuitBreaker.executeAll(fetchUser, { keys: [], classify })
  })
})

describe("RetryPolicy.retry", () => {
  it("wraps retriable errors and needs the policy alone", () => {
    expectTypeOf(fetchUser.pipe(RetryPolicy.retry({ key, classify }))).toEqualTypeOf<
      Effect.Effect<string, NotFound | RetryExhausted.RetryExhausted<Timeout>, Database | RetryPolicy.RetryPolicy>
    >()
  })

  it("keeps the rejection of a breaker inside", () => {
    const both = fetchUser.pipe(CircuitBreaker.execute({ key, classify }), RetryPolicy.retry({ key, classify }))
    expectTypeOf(both).toEqualTypeOf<
      Effect.Effect<
        string,
        NotFound | Open | RetryExhausted.RetryExhausted<Timeout>,
        Database | Breaker | RetryPolicy.RetryPolicy
      >
    >()
  })

  it("needs what its pointless effect needs", () => {
    const pointless = Effect.flatMap(Database, () => Effect.never)
    const retried = RetryPolicy.retry(Effect.fail(new Timeout()), { key, classify, pointless })
    expectTypeOf<Effect.Effect.Context<typeof retried>>().toEqualTypeOf<Database | RetryPolicy.RetryPolicy>()
  })
})

describe("layers", () => {
  it("have no requirements but the score for a breaker", () => {
    expectTypeOf(Truce.layer()).toEqualTypeOf<Layer.Layer<Truce.Services>>()
    expectTypeOf(HealthScore.layer()).toEqualTypeOf<Layer.Layer<HealthScore.HealthScore>>()
    expectTypeOf(CircuitBreaker.layer()).toEqualTypeOf<Layer.Layer<Breaker, never, HealthScore.HealthScore>>()
    expectTypeOf(RetryBudget.layer()).toEqualTypeOf<Layer.Layer<RetryBudget.RetryBudget>>()
    expectTypeOf(RetryPolicy.layer()).toEqualTypeOf<Layer.Layer<RetryPolicy.RetryPolicy>>()
  })

  it("need what a schedule of the user's own needs", () => {
    const schedule = whileInput(Schedule.forever, (input: RetryPolicy.Input) => Effect.as(Database, input.failed < 3))
    expectTypeOf(RetryPolicy.layer({ schedule })).toEqualTypeOf<Layer.Layer<RetryPolicy.RetryPolicy, never, Database>>()
    expectTypeOf(Truce.layer({ retry: { schedule } })).toEqualTypeOf<Layer.Layer<Truce.Services, never, Database>>()
    // @ts-expect-error a policy of one effect has no place to take services from
    Truce.protect({ key, classify, retry: { schedule } })
  })

  it("take any model and reject what is no option", () => {
    expectTypeOf(Truce.layer({ model: HealthModel.consecutive() })).toEqualTypeOf<Layer.Layer<Truce.Services>>()
    // @ts-expect-error threshold
    Truce.layer({ circuit: { threshold: 5 } })
    // @ts-expect-error a duration is no boolean
    Truce.layer({ ttl: true })
  })

  it("from Config can fail with ConfigError", () => {
    expectTypeOf(Truce.layerConfig({ retry: { attempts: Config.integer("ATTEMPTS") } })).toEqualTypeOf<
      Layer.Layer<Truce.Services, ConfigError.ConfigError>
    >()
  })
})

describe("Dependency.Tag", () => {
  class UsersApi extends Dependency.Tag("UsersApi")<UsersApi>()({ key, classify, attemptTimeout: "1 second" }) {}

  it("is the only requirement it adds", () => {
    expectTypeOf(UsersApi.protect(fetchUser)).toEqualTypeOf<
      Effect.Effect<
        string,
        NotFound | Open | RetryExhausted.RetryExhausted<Timeout | AttemptTimeout.AttemptTimeout>,
        Database | UsersApi
      >
    >()
  })

  it("has a layer that can find its key taken", () => {
    expectTypeOf(UsersApi.layer).toEqualTypeOf<Layer.Layer<UsersApi, PolicyConflict.PolicyConflict, Truce.Truce>>()
  })
})

describe("Transaction", () => {
  it("is STM: rejections are values", () => {
    expectTypeOf(Transaction.admit(["host"], 0)).toEqualTypeOf<STM.STM<Transaction.Admission, never, Breaker>>()
    // @ts-expect-error no key
    Transaction.admit([], 0)
  })
})

describe("RetryExhausted.schema", () => {
  it("knows the errors of its attempts", () => {
    class Refused extends Schema.TaggedError<Refused>()("Refused", { port: Schema.Number }) {}
    const schema = RetryExhausted.schema(Refused)
    expectTypeOf<typeof schema.Type>().toEqualTypeOf<RetryExhausted.RetryExhausted<Refused>>()
  })
})

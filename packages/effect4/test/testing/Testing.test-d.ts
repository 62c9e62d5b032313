// Values here are looked at for their types only. @effect-diagnostics floatingEffect:skip-file missingEffectError:skip-file
import type { CircuitBreaker, HealthScore, InvalidPolicy } from "@truce/effect4"
import { Advance, Faults, Forced, Recorder, Script } from "@truce/effect4/testing"
import { Config, Context, Data, Effect, type Layer, type Scope } from "effect"
import { describe, expectTypeOf, it } from "vitest"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}
class Database extends Context.Service<Database, { readonly name: string }>()("Database") {}

interface User {
  readonly name: string
}

declare const fetchUser: (id: string) => Effect.Effect<User, NotFound, Database>

describe("Faults", () => {
  it("adds the error of a point, and no requirement", () => {
    const point = Faults.point("users-api", { error: () => new Timeout() })
    expectTypeOf(fetchUser("1").pipe(point)).toEqualTypeOf<Effect.Effect<User, NotFound | Timeout, Database>>()
    expectTypeOf(Faults.point(fetchUser("1"), "users-api", { error: () => new Timeout() })).toEqualTypeOf<
      Effect.Effect<User, NotFound | Timeout, Database>
    >()
  })

  it("tells the error's maker which fault it is", () => {
    Faults.point("users-api", {
      error: (fault) => {
        expectTypeOf(fault).toEqualTypeOf<Faults.Fault>()
        return new Timeout()
      }
    })
  })

  it("has rules that an editor completes and checks", () => {
    Faults.layer({ rules: { "users-*": { errorRate: 0.1, latency: "200 millis", lost: "response" } } })
    Faults.layer({ rules: { "users-*": { latency: { min: 5, max: "1 second" } } } })
    // @ts-expect-error: no such field
    Faults.layer({ rules: { "users-*": { errorrate: 0.1 } } })
    // @ts-expect-error: no such loss
    Faults.layer({ rules: { "users-*": { lost: "both" } } })
    // @ts-expect-error: no such duration
    Faults.layer({ rules: { "users-*": { latency: "200 milliseconds" } } })
  })

  it("can be built from configs, and controlled where it is provided", () => {
    expectTypeOf(Faults.layer()).toEqualTypeOf<Layer.Layer<Faults.Faults>>()
    expectTypeOf(Faults.layerConfig(Faults.config())).toEqualTypeOf<Layer.Layer<Faults.Faults, Config.ConfigError>>()
    expectTypeOf(Faults.layerConfig({ enabled: Config.Boolean("STAGING") })).toEqualTypeOf<
      Layer.Layer<Faults.Faults, Config.ConfigError>
    >()
    expectTypeOf(Faults.setRules({})).toEqualTypeOf<Effect.Effect<void, InvalidPolicy.InvalidPolicy, Faults.Faults>>()
  })
})

describe("Forced", () => {
  it("takes a name, or a state with the options it has", () => {
    expectTypeOf(Forced.layer({ a: "Open", b: { state: "Closed", score: 0.5 } })).toEqualTypeOf<
      Layer.Layer<never, never, CircuitBreaker.CircuitBreaker>
    >()
    // @ts-expect-error: no such state
    Forced.set("a", "open")
    // @ts-expect-error: only a closed circuit has a score of its own
    Forced.set("a", { state: "Open", score: 0.5 })
  })
})

describe("Script", () => {
  it("has the types of its steps", () => {
    const made = Script.make([
      Script.fails(new Timeout(), 2),
      Script.fails(new NotFound({ id: "1" })),
      Script.hangs(),
      Script.after("1 second", Script.succeeds("Ada")),
      Script.forever(Script.succeeds(7))
    ])
    expectTypeOf(made).toEqualTypeOf<
      Effect.Effect<Script.Script<ReadonlyArray<unknown>, string | number, Timeout | NotFound, never>>
    >()
  })

  it("reads the arguments that its steps read, and needs what they need", () => {
    const made = Script.make([
      Script.fails(new Timeout()),
      Script.answers((id: string) => fetchUser(id)),
      Script.answers(() => Effect.succeed(7))
    ])
    expectTypeOf<Effect.Success<typeof made>>().toEqualTypeOf<
      Script.Script<[id: string], User | number, Timeout | NotFound, Database>
    >()
  })

  it("has steps that read the same arguments", () => {
    // @ts-expect-error: one reads a string, the other a number
    Script.make([Script.answers((id: string) => Effect.succeed(id)), Script.answers((n: number) => Effect.succeed(n))])
  })

  it("stands in for a function", () => {
    const script = Effect.runSync(Script.makeFor<typeof fetchUser>()([Script.succeeds({ name: "Ada" })]))
    expectTypeOf(script("1")).toEqualTypeOf<Effect.Effect<User, NotFound, Database>>()
    expectTypeOf(script).toExtend<typeof fetchUser>()
    const requests = Effect.runSync(script.requests)
    expectTypeOf(requests[0]?.args).toEqualTypeOf<[id: string] | undefined>()
    // @ts-expect-error: the function does not fail so
    Script.makeFor<typeof fetchUser>()([Script.fails(new Timeout())])
    // @ts-expect-error: the function does not answer so
    Script.makeFor<typeof fetchUser>()([Script.succeeds("Ada")])
  })

  it("without arguments can be asked with any, or none", () => {
    const script = Effect.runSync(Script.make([Script.succeeds("Ada")]))
    expectTypeOf(script()).toEqualTypeOf<Effect.Effect<string>>()
    expectTypeOf(script).toExtend<(id: string) => Effect.Effect<string>>()
  })
})

describe("Recorder and Advance", () => {
  it("name what they need and how they fail", () => {
    expectTypeOf(Recorder.make).toEqualTypeOf<
      Effect.Effect<Recorder.Recorder, never, HealthScore.HealthScore | Scope.Scope>
    >()
    expectTypeOf(Advance.untilAdmits("a")).toEqualTypeOf<
      Effect.Effect<void, Advance.NotReached, CircuitBreaker.CircuitBreaker>
    >()
    expectTypeOf(Advance.until(Effect.map(Database, () => true))).toEqualTypeOf<
      Effect.Effect<void, Advance.NotReached, Database>
    >()
    // @ts-expect-error: no such state
    Advance.untilState("a", "closed")
  })
})

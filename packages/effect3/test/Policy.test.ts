import { describe, expect, it } from "@effect/vitest"
import { CircuitBreaker, HealthScore, Policy, RetryBudget, Truce } from "@truce/effect3"
import { Config, type ConfigProvider, Duration, Effect, Layer, Queue, Schema, Stream, TestClock } from "effect"
import { parse } from "yaml"
import { broken, environment, faultsOf, inOrder, object } from "./platform/ConfigProviders.ts"
import { telling } from "./platform/Logs.ts"
import { jsonSchemaOf } from "./platform/Schemas.ts"
import { attempt, failing, key, settled, statusOf } from "./support.ts"

const faults = (data: unknown) => Effect.map(Effect.flip(Policy.decode(data)), ({ message }) => message)

const full: Policy.Policy = {
  model: { type: "ledger", tolerance: 0.5, minFailures: 8, guard: "1 minute", halfLife: "infinity" },
  circuit: { openFor: "1 second", maxOpenFor: 20_000, permits: 2, reopenOn: "score" },
  retry: { attempts: 5, base: "50 millis", jitter: { min: 1, max: 1 }, deadline: "10 seconds", whenOpen: "wait" },
  budget: { type: "ratio", ratio: 0.1, capacity: 20 },
  maxKeys: 100,
  ttl: "1 hour",
  overrides: { "payments-*": { model: { type: "consecutive", failures: 3 }, retry: { attempts: 1 } } }
}

describe("Policy", () => {
  it.effect("an empty policy is the defaults", () =>
    Effect.gen(function* () {
      const { closeAt, openBelow, permits } = yield* CircuitBreaker.state(key)
      expect([permits, closeAt, openBelow, yield* RetryBudget.tokens(key)]).toEqual([1, 0.5, 0.1, 10])
    }).pipe(Effect.provide(Policy.layer({})))
  )

  it.effect("every part is in force", () =>
    Effect.gen(function* () {
      const { policy } = yield* Truce.Truce
      expect((yield* CircuitBreaker.state(key)).permits).toBe(2)
      expect(yield* RetryBudget.tokens(key)).toBe(20)
      expect(policy.of(key).whenOpen).toBe("wait")
      expect((yield* HealthScore.get("payments-visa")).openBelow).toBe(0)
    }).pipe(Effect.provide(Policy.layer(full)))
  )

  it.effect("a list of open times is followed", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      expect(yield* statusOf()).toBe("Open")
      yield* TestClock.adjust("3 seconds")
      yield* attempt(failing)
      expect((yield* CircuitBreaker.explain(key)).admitsIn).toEqual(Duration.seconds(7))
    }).pipe(
      Effect.provide(
        Policy.layer({
          model: { type: "consecutive", failures: 1 },
          circuit: { openTimes: ["3 seconds", 7_000], openJitter: 0 }
        })
      )
    )
  )

  it.effect("each model and each budget can be named", () =>
    Effect.gen(function* () {
      const models = [
        "ledger",
        "consecutive",
        "countWindow",
        "timeWindow",
        "additive",
        "ewma",
        "cusum",
        "beta"
      ] as const
      for (const type of models) {
        const snapshot = yield* Effect.provide(
          Effect.zipRight(attempt(failing), CircuitBreaker.snapshot),
          Policy.layer({ model: { type } })
        )
        expect(snapshot.circuits[key]?.model).toBe(type)
      }
      for (const type of ["saturation", "ratio", "grpc", "aws", "unlimited"] as const) {
        const tokens = yield* Effect.provide(RetryBudget.tokens(key), Policy.layer({ budget: { type } }))
        expect(tokens).toBe({ saturation: 10, ratio: 10, grpc: 10, aws: 500, unlimited: Infinity }[type])
      }
    })
  )

  it.effect("survives JSON and YAML", () =>
    Effect.gen(function* () {
      const json = JSON.stringify(yield* Schema.encode(Policy.Policy)(full))
      expect(yield* Policy.decode(JSON.parse(json))).toEqual(full)
      const yaml = ["circuit:", "  openFor: 1 second", "overrides:", "  payments-*:", "    retry: { attempts: 1 }"]
      expect(yield* Policy.decode(parse(yaml.join("\n")))).toEqual({
        circuit: { openFor: "1 second" },
        overrides: { "payments-*": { retry: { attempts: 1 } } }
      })
    })
  )

  it("has a JSON schema, for editors", () => {
    expect(jsonSchemaOf(Policy.Policy)).toMatchObject({
      additionalProperties: false,
      properties: {
        circuit: {
          properties: {
            permits: {
              type: "number",
              description: "Probes in flight at once in HalfOpen. Must be a whole number of at least 1. Default: 1."
            },
            reopenOn: { enum: ["failure", "score"] }
          }
        }
      }
    })
  })

  it.effect("a fault is named with its path, its rule and its value, and all faults at once", () =>
    Effect.gen(function* () {
      expect(yield* faults({ circuit: { permits: 0 }, retry: { attempts: 1.5 } })).toBe(
        "circuit.permits: must be a whole number of at least 1, got 0; retry.attempts: must be a whole number of at least 1, got 1.5"
      )
      expect(yield* faults({ overrides: { "a-*": { model: { type: "ledger", tolerance: 2 } } } })).toBe(
        "overrides.a-*.model.tolerance: must be greater than 0 and less than 1, got 2"
      )
      expect(
        yield* faults({
          circuit: { permits: 0 },
          overrides: { a: {}, b: { circuit: { permits: -1, lease: "1 day" } } }
        })
      ).toBe(
        "circuit.permits: must be a whole number of at least 1, got 0; overrides.b.circuit.permits: must be a whole number of at least 1, got -1"
      )
      expect(yield* faults({ circuit: { openFor: "soon" } })).toBe(
        'circuit.openFor: must be a duration such as "500 millis", got "soon"'
      )
      expect(yield* faults({ circuit: { openFor: "-1 seconds" } })).toContain("circuit.openFor: must be")
      expect(yield* faults({ retry: { whenOpen: "wait" } })).toContain("retry.deadline: must be given when whenOpen")
      expect(yield* faults({ overrides: { "a-*": { circuit: { closeAt: 0.05 } } } })).toContain(
        "overrides.a-*.circuit.closeAt: must be greater than openBelow of the model"
      )
      expect(yield* faults({ ttl: "0 seconds" })).toContain("ttl: must be")
      expect(yield* faults({ model: { type: "ledger", guard: -1 } })).toContain("model.guard: must be")
    })
  )

  it.effect("a section that is empty, or is something else, is one short fault: the schema is not spelled out", () =>
    Effect.gen(function* () {
      expect(yield* faults(parse("circuit:\nmodel:\nbudget: ratio\nretry: []\noverrides:\n  payments-*:\n"))).toBe(
        [
          "model: must be an object, got null",
          "circuit: must be an object, got null",
          "retry: must be an object, got an array",
          'budget: must be an object, got "ratio"',
          "overrides.payments-*: must be an object, got null"
        ].join("; ")
      )
      expect(yield* faults({ overrides: "payments-*" })).toBe('overrides: must be an object, got "payments-*"')
      expect(yield* faults({ circuit: { lease: true } })).toBe(
        'circuit.lease: must be a duration such as "500 millis", got boolean'
      )
    })
  )

  it.effect("what is no option is a fault too: a typing error is not a default", () =>
    Effect.gen(function* () {
      expect(yield* faults({ circuit: { openfor: "1 second" } })).toContain("circuit.openfor: is unexpected")
      expect(yield* faults({ retries: {} })).toContain("retries: is unexpected")
      expect(yield* faults({ model: { type: "consecutive", failure: 3 } })).toContain("failure")
      expect(yield* faults({ model: { type: "ewma2" } })).toMatch(/^model\.type: .*"ledger".*, (got|actual) "ewma2"$/)
      expect(yield* faults({ circuit: { permits: NaN } })).toMatch(/^circuit\.permits: .*NaN$/)
      expect(yield* faults({ budget: {} })).toBe("budget.type: is missing")
      expect(yield* faults([])).not.toBe("")
      expect(yield* faults(null)).not.toBe("")
    })
  )

  it.effect("a layer of a policy with a fault fails with it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.provide(CircuitBreaker.states, Policy.layer({ circuit: { permits: -1 } }))
      )
      expect(error.message).toBe("circuit.permits: must be a whole number of at least 1, got -1")
    })
  )
})

describe("Policy.config", () => {
  const load = (provider: ConfigProvider.ConfigProvider, config = Policy.config) =>
    Effect.provide(config, Layer.setConfigProvider(provider))

  it.effect("reads the environment, with or without a prefix", () =>
    Effect.gen(function* () {
      const variables = {
        CIRCUIT_OPEN_FOR: "1 second",
        CIRCUIT_PERMITS: "2",
        CIRCUIT_OPEN_TIMES: '["1 second", 3000]',
        MODEL_TYPE: "ledger",
        MODEL_ALLOW_SELF_TRIP: "true",
        RETRY_JITTER: '{ "min": 1, "max": 2 }',
        MAX_KEYS: "7",
        OVERRIDES: '{ "payments-*": { "circuit": { "permits": 3 } } }'
      }
      const expected = {
        circuit: { openFor: "1 second", permits: 2, openTimes: ["1 second", 3_000] },
        model: { type: "ledger", allowSelfTrip: true },
        retry: { jitter: { min: 1, max: 2 } },
        maxKeys: 7,
        overrides: { "payments-*": { circuit: { permits: 3 } } }
      }
      const prefixed = Object.fromEntries(Object.entries(variables).map(([name, value]) => [`TRUCE_${name}`, value]))
      expect(yield* load(environment(variables))).toEqual(expected)
      expect(yield* load(environment(prefixed), Config.nested(Policy.config, "TRUCE"))).toEqual(expected)
    })
  )

  it.effect("reads an object in the words of the options", () =>
    Effect.gen(function* () {
      const provider = object({
        circuit: { openFor: "1 second", permits: 2 },
        budget: { type: "aws" }
      })
      expect(yield* load(provider)).toEqual({ circuit: { openFor: "1 second", permits: 2 }, budget: { type: "aws" } })
    })
  )

  it.effect("a provider that fails is a ConfigError, and no default", () =>
    Effect.gen(function* () {
      const { asked, provider } = broken("no such store")
      const error = yield* Effect.flip(load(provider))
      expect(faultsOf(error)).toContainEqual(expect.stringContaining("no such store"))
      expect(asked).toContainEqual(["model", "type"])
      expect(asked).not.toContainEqual(["MODEL_TYPE"])
    })
  )

  it.effect("with nothing set is the defaults", () =>
    Effect.gen(function* () {
      expect(yield* load(environment({}))).toEqual({})
    })
  )

  const faultsIn = (provider: ConfigProvider.ConfigProvider, config = Policy.config) =>
    Effect.map(Effect.flip(load(provider, config)), faultsOf)

  it.effect("what a rule forbids is a ConfigError at its path", () =>
    Effect.gen(function* () {
      const policy = { circuit: { permits: 0 }, overrides: '{ "a": { "circuit": { "permits": 0 } } }' }
      expect(yield* faultsIn(object(policy))).toEqual(["circuit.permits: must be a whole number of at least 1, got 0"])
    })
  )

  it.effect("what a rule forbids of the environment names the variable", () =>
    Effect.gen(function* () {
      const variables = { CIRCUIT_PERMITS: "0", MAX_KEYS: "0" }
      const faults = [
        "CIRCUIT_PERMITS: must be a whole number of at least 1, got 0",
        "MAX_KEYS: must be a whole number of at least 1, got 0"
      ]
      expect(yield* faultsIn(environment(variables))).toEqual(faults)
      const layer = Policy.layerConfig().pipe(Layer.provide(Layer.setConfigProvider(environment(variables))))
      expect(faultsOf(yield* Effect.flip(Effect.provide(CircuitBreaker.states, layer)))).toEqual(faults)
      expect(yield* faultsIn(environment({ RETRY_ATTEMPTS: "many" }))).toContainEqual(
        expect.stringMatching(/^RETRY_ATTEMPTS: /)
      )
    })
  )

  it.effect("what is missing in the environment is named as the variable it would be", () =>
    Effect.gen(function* () {
      expect(yield* faultsIn(environment({ RETRY_WHEN_OPEN: "wait" }))).toEqual([
        expect.stringMatching(/^RETRY_DEADLINE: must be given when whenOpen is "wait"/)
      ])
    })
  )

  it.effect("each fault goes by its own source, where one stands behind another", () =>
    Effect.gen(function* () {
      const provider = inOrder(
        environment({ CIRCUIT_OPEN_FOR: "1 second", MAX_KEYS: "0" }),
        object({ circuit: { permits: 0 } })
      )
      expect((yield* faultsIn(provider)).map((fault) => fault.split(":")[0])).toEqual(["circuit.permits", "MAX_KEYS"])
    })
  )

  it.effect("a fault inside of a variable has its path in there", () =>
    Effect.gen(function* () {
      const variables = { TRUCE_OVERRIDES: '{ "tenant-*": { "circuit": { "permits": 0 } } }' }
      expect(yield* faultsIn(environment(variables), Config.nested(Policy.config, "TRUCE"))).toEqual([
        expect.stringMatching(/OVERRIDES\.tenant-\*\.circuit\.permits: must be a whole number/)
      ])
    })
  )
})

describe("Policy.reload and follow", () => {
  it.effect("a stream that fails or dies is told of, and one that is only left is not", () =>
    Effect.gen(function* () {
      const following = (policies: Stream.Stream<unknown, string>) =>
        Effect.suspend(() => {
          const logged: Array<string> = []
          const layer = Policy.follow(policies).pipe(Layer.provideMerge(Policy.layer({})))
          return Effect.as(
            Effect.provide(
              settled,
              Layer.provideMerge(
                layer,
                telling(({ level, message }) => void logged.push(`${level} ${String(message)}`))
              )
            ),
            logged
          )
        })
      const told = "WARN The policy is not followed any more."
      expect(yield* following(Stream.never)).toEqual([])
      expect((yield* following(Stream.fail("gone"))).map((line) => line.split(",")[0])).toEqual([told])
      expect((yield* following(Stream.die("bug"))).map((line) => line.split(",")[0])).toEqual([told])
    })
  )

  it.effect("puts data in force, or nothing of it", () =>
    Effect.gen(function* () {
      yield* Policy.reload({ model: { type: "consecutive", failures: 1 } })
      yield* attempt(failing)
      expect(yield* statusOf()).toBe("Open")
      const error = yield* Effect.flip(Policy.reload({ circuit: { permits: 9 }, maxKeys: 0 }))
      expect(error.message).toBe("maxKeys: must be a whole number of at least 1, got 0")
      expect((yield* CircuitBreaker.state(key)).permits).toBe(1)
    }).pipe(Effect.provide(Policy.layer({})))
  )

  it.scoped("a stream of policies is followed; a fault in one is a warning, and the next is in force again", () =>
    Effect.gen(function* () {
      const logged: Array<string> = []
      const logger = telling(({ level, message }) => void logged.push(`${level} ${String(message)}`))
      const policies = yield* Queue.unbounded<unknown>()
      const permits = Effect.map(CircuitBreaker.state(key), (state) => state.permits)
      const seen = yield* Effect.gen(function* () {
        const seen: Array<number> = []
        for (const data of [{ circuit: { permits: 2 } }, { circuit: { permits: 0 } }, { circuit: { permits: 4 } }]) {
          yield* Queue.offer(policies, data)
          yield* settled
          seen.push(yield* permits)
        }
        yield* Queue.shutdown(policies)
        yield* TestClock.adjust("1 second")
        return seen
      }).pipe(
        Effect.provide(
          Policy.follow(Stream.fromQueue(policies)).pipe(
            Layer.provideMerge(Policy.layer({})),
            Layer.provideMerge(logger)
          )
        )
      )
      expect(seen).toEqual([2, 2, 4])
      expect(logged.slice(0, 3)).toEqual([
        "INFO A new policy is in force.",
        "WARN A new policy is not in force: circuit.permits: must be a whole number of at least 1, got 0",
        "INFO A new policy is in force."
      ])
    })
  )
})

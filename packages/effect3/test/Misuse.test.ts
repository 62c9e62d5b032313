// As from JavaScript, where no type says what an option is.
import { InvalidOption } from "@truce/core"
import { CircuitBreaker, Classifier, Policy, Truce } from "@truce/effect3"
import { withTruce } from "@truce/effect3/HttpClient"
import { Effect, Exit, Layer } from "effect"
import { describe, expect, it } from "vitest"
import { scriptedClient } from "./httpSupport.ts"
import { defectOf } from "./platform/Exits.ts"
import { classify } from "./support.ts"

/** Calls a function with what its types forbid. */
const given = (f: unknown, ...args: ReadonlyArray<unknown>): unknown => {
  if (typeof f !== "function") throw new Error("no function")
  return Reflect.apply(f, undefined, args)
}

const faultOf = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    if (error instanceof InvalidOption.InvalidOption) return error.message
    throw error
  }
  return "no fault"
}

const key = "a"

describe("an option that cannot be names owner, field, rule and value", () => {
  const protect = (options: unknown) => () => given(Truce.protect, options)
  const tags = (table: unknown) => () => given(Classifier.tags(), table)
  const cases: ReadonlyArray<readonly [name: string, run: () => unknown, message: string]> = [
    ["no options", protect(undefined), "Truce.protect: options must be an object, got undefined"],
    [
      "a missing classifier",
      protect({ key }),
      "Truce.protect: classify must be a classifier, as Classifier.tags makes one, got undefined"
    ],
    [
      "a function for a classifier",
      protect({ key, classify: () => true }),
      "Truce.protect: classify must be a classifier"
    ],
    ["no key", protect({ classify }), "Truce.protect: key must be the name of a dependency"],
    [
      "a numeric key",
      protect({ key: 1, classify }),
      "Truce.protect: key must be the name of a dependency, a text that is not empty, got 1"
    ],
    ["an empty key", protect({ key: "", classify }), 'a text that is not empty, got ""'],
    [
      "a name with a capital too many",
      protect({ key, classify, attemptTimeOut: "1 second" }),
      'Truce.protect: attemptTimeOut must be left out: there is no such option, but attemptTimeout, got "1 second"'
    ],
    [
      "a name without its end",
      protect({ key, classify, retry: { attempt: 5 } }),
      "RetryPolicy: attempt must be left out: there is no such option, but attempts, got 5"
    ],
    ["an option of another place", protect({ key, classify, circuit: {} }), "Truce.protect: circuit must be left out"],
    [
      "text for a number",
      protect({ key, classify, retry: { attempts: "5" } }),
      'attempts must be a whole number of at least 1, got "5"'
    ],
    [
      "null for a number",
      protect({ key, classify, retry: { attempts: null } }),
      "attempts must be a whole number of at least 1, got null"
    ],
    [
      "slow after it has timed out",
      protect({ key, classify, attemptTimeout: 100, slowAfter: 200 }),
      "Truce.protect: slowAfter must be at most attemptTimeout (100 ms), got 200"
    ],
    [
      "a choice that is none",
      protect({ key, classify, retry: { whenOpen: "queue" } }),
      'whenOpen must be one of "stop", "wait", got "queue"'
    ],
    [
      "a rule that is none",
      tags({ A: "retryable" }),
      'Classifier.tags: A must be "retriable", "permanent", "local" or a rule of Classifier, got "retryable"'
    ],
    ["no table", tags(undefined), "Classifier.tags: table must be an object of rules by tag, got undefined"],
    ["no predicate", () => given(Classifier.make), "Classifier.make: isRetriable must be a function, got undefined"],
    ["no refinement", () => given(Classifier.refine, {}), "Classifier.refine: isRetriable must be a function, got {}"],
    [
      "a client's typo",
      () => given(withTruce, { attemptTimeOut: 3 }),
      "HttpClient.withTruce: attemptTimeOut must be left out"
    ],
    [
      "a client's numeric key",
      () => given(withTruce, { key: 3 }),
      "HttpClient.withTruce: key must be the name of a dependency"
    ],
    [
      "a status that is none",
      () => given(withTruce, { opens: [99] }),
      "HttpClient.withTruce: opens must be a list of statuses from 200 to 599, got 99"
    ],
    [
      "no keys",
      () => given(CircuitBreaker.executeAll, { keys: [], classify }),
      "CircuitBreaker.executeAll: keys must be a list of keys, with at least one, got []"
    ],
    [
      "a list with a hole",
      () => given(CircuitBreaker.executeAll, { keys: ["a", undefined], classify }),
      "CircuitBreaker.executeAll: key must be the name of a dependency"
    ],
    [
      "no keys of a call",
      () => given(Truce.protectAll, { keys: "ab", classify }),
      'Truce.protectAll: keys must be a list of keys, with at least one, got "ab"'
    ],
    [
      "a key where there are keys",
      () => given(Truce.protectAll, { key, classify }),
      'Truce.protectAll: key must be left out: there is no such option, but keys, got "a"'
    ],
    ["text for options", protect("options"), 'Truce.protect: options must be an object, got "options"']
  ]
  for (const [name, run, message] of cases) {
    it(name, () => {
      expect(faultOf(run)).toContain(message)
    })
  }

  const layers: ReadonlyArray<readonly [name: string, options: object, message: string]> = [
    ["a typo in a layer", { circiut: {} }, "Truce.layer: circiut must be left out"],
    [
      "a typo in a part of it",
      { circuit: { openfor: "1 second" } },
      "CircuitBreaker: openfor must be left out: there is no such option, but openFor"
    ],
    ["null for permits", { circuit: { permits: null } }, "permits must be a whole number of at least 1, got null"],
    ["a sparse list", { circuit: { openTimes: [1, undefined] } }, "openTimes"],
    [
      "a model's name",
      { model: "consecutive" },
      'HealthScore: model must be a health model, as HealthModel.ledger() makes one, got "consecutive"'
    ],
    [
      "limits that are none",
      { limits: { attempts: 0 } },
      "limits: attempts must be a whole number of at least 1, got 0"
    ],
    [
      "a typo in limits",
      { limits: { attempt: 1 } },
      "limits: attempt must be left out: there is no such option, but attempts"
    ],
    [
      "a typo in an override",
      { overrides: { "a-*": { retrys: {} } } },
      'overrides["a-*"].retrys must be left out: there is no such option, but retry'
    ]
  ]
  for (const [name, options, message] of layers) {
    it(`when the layer is built: ${name}`, async () => {
      const layer = Truce.layer(Object.assign<Truce.Options, object>({}, options))
      const exit = await Effect.runPromiseExit(Effect.scoped(Layer.build(layer)))
      expect(String(defectOf(exit))).toContain(message)
    })
  }
})

it("a key that a function does not give is a defect of the call, and nothing is sent", async () => {
  const { client, sent } = scriptedClient(200)
  const users = client.pipe(withTruce({ key: () => "" }))
  const exit = await Effect.runPromiseExit(Effect.provide(users.get("http://users"), Truce.layer()))
  expect(String(defectOf(exit))).toContain("HttpClient.withTruce: key must be the name of a dependency")
  expect(sent.length).toBe(0)
})

it("the error itself never throws, whatever the value", () => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  const shy = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("no")
      },
      get: () => {
        throw new Error("no")
      }
    }
  )
  const values = [circular, 1n, { n: 1n }, shy, Symbol("s"), () => 1, undefined, null, "x".repeat(9_000)]
  for (const value of values) {
    expect(new InvalidOption.InvalidOption("owner", "field", "another", value).message.length).toBeLessThan(300)
  }
})

it("an override whose pattern is a word of the language is no way around the rules", async () => {
  const data: unknown = JSON.parse('{"overrides":{"__proto__":{"circuit":{"permits":0}}}}')
  const exit = await Effect.runPromiseExit(Policy.decode(data))
  expect(Exit.isFailure(exit)).toBe(true)
})

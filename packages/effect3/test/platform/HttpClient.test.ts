// What only Effect 3 lets a user make: a client that says nothing of what prepares its requests.
import { type HttpClient, HttpClientRequest } from "@effect/platform"
import { withTruce } from "@truce/effect3/HttpClient"
import { Effect, Fiber, TestClock } from "effect"
import { describe, expect } from "vitest"
import { scriptedClient } from "../httpSupport.ts"
import { on, steady } from "../support.ts"

const it = on(() => steady())

describe("what prepares a request", () => {
  it("is not asked of a client that was made by hand", () =>
    Effect.gen(function* () {
      const { client } = scriptedClient(503, 200)
      const byHand: HttpClient.HttpClient = Object.assign(Object.create(Object.getPrototypeOf(client)), {
        execute: client.execute
      })
      const fiber = yield* Effect.fork(byHand.pipe(withTruce()).execute(HttpClientRequest.get("http://users.test/1")))
      yield* TestClock.adjust("10 minutes")
      expect((yield* Fiber.join(fiber)).status).toBe(200)
    }))
})

// What only Effect 4 knows of a response: its URL, and the web response behind it.
import { HttpClient, HttpClientResponse } from "effect/http"
import { withTruce } from "@truce/effect4/HttpClient"
import { Effect, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { on, steady } from "../support.ts"

const it = on(() => steady())

describe("a protected client", () => {
  it("keeps the URL of an answer in its error, and can give it as a web response", () =>
    Effect.gen(function* () {
      const moved = () =>
        Object.defineProperty(new Response("down", { status: 503 }), "url", { value: "http://users.test/moved" })
      const users = HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, moved()))).pipe(
        withTruce()
      )
      const fiber = yield* Effect.forkChild(Effect.flip(users.get("http://users.test/1")))
      yield* TestClock.adjust("10 minutes")
      const error = yield* Fiber.join(fiber)
      if (error._tag !== "RetryExhausted") throw error
      for (const { error: failed } of error.attempts) {
        if (failed.response === undefined) throw failed
        expect(failed.response.url).toBe("http://users.test/moved")
        expect(Option.map(HttpClientResponse.toWeb(failed.response), (web) => web.status)).toEqual(Option.some(503))
      }
    }))
})

import {
  FetchHttpClient,
  HttpBody,
  HttpClient,
  HttpClientError,
  HttpClientRequest,
  HttpClientResponse
} from "@effect/platform"
import {
  CallContext,
  CircuitBreaker,
  Classifier,
  HealthModel,
  HealthScore,
  InvalidOption,
  RetryBudget,
  RetryPolicy,
  Transaction,
  Truce
} from "@truce/effect3"
import {
  type Options,
  classifier,
  isIdempotent,
  withCircuitBreaker,
  withRetry,
  withTruce
} from "@truce/effect3/HttpClient"
import { Duration, Effect, Exit, Fiber, Stream, TestClock } from "effect"
import { describe, expect } from "vitest"
import { type Step, httpDate, refused, scriptedClient } from "./httpSupport.ts"
import { decodeError, descriptionOf, reasonOf, requestError, responseOf } from "./platform/Http.ts"
import { on, scoreOf, settled, statusOf, steady } from "./support.ts"

const it = on(() => steady())
const url = "http://users.test/1"
const key = "http://users.test"
const client = (...steps: readonly [Step, ...ReadonlyArray<Step>]) => {
  const { client, sent } = scriptedClient(...steps)
  return { client: client.pipe(withTruce()), plain: client, sent }
}

/** Lets all time pass that a call needs. */
const atOnce = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    yield* TestClock.adjust("10 minutes")
    return yield* Fiber.join(fiber)
  })

const outcomes = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    yield* atOnce(Effect.exit(self))
    return (yield* CallContext.trail).map(({ outcome }) => outcome)
  }).pipe(CallContext.open)

describe("a protected client", () => {
  it("gives the answer of a request that succeeds at once", () =>
    Effect.gen(function* () {
      const { client: users, sent } = client({ status: 200, body: "Ada" })
      const response = yield* users.get(url)
      expect(yield* response.text).toBe("Ada")
      expect(sent.length).toBe(1)
    }))

  it("sends nothing and judges nobody where its function of the key throws: the call dies of it", () =>
    Effect.gen(function* () {
      const { client, sent } = scriptedClient(200)
      const noTenant = new Error("no tenant")
      const key = (): string => {
        throw noTenant
      }
      const exits = yield* Effect.all([
        Effect.exit(client.pipe(withTruce({ key })).get(url)),
        Effect.exit(client.pipe(withCircuitBreaker({ key })).get(url)),
        Effect.exit(client.pipe(withRetry({ key })).get(url))
      ])
      for (const exit of exits) expect(exit).toEqual(Exit.die(noTenant))
      expect(sent).toEqual([])
      expect(yield* CircuitBreaker.states).toEqual([])
    }))

  it("retries a 503 and gives the answer that came after", () =>
    Effect.gen(function* () {
      const { client: users, sent } = client(503, 503, 200)
      expect((yield* atOnce(users.get(url))).status).toBe(200)
      expect(sent.length).toBe(3)
    }))

  it("ends in RetryExhausted with a ResponseError for each answer", () =>
    Effect.gen(function* () {
      const error = yield* atOnce(Effect.flip(client(503, 502, 500).client.get(url)))
      if (error._tag !== "RetryExhausted") throw error
      expect([error.key, error.reason]).toEqual([key, "attempts"])
      const errors = error.attempts.map((attempt) => attempt.error)
      expect(errors.map((one) => [reasonOf(one), responseOf(one)?.status])).toEqual([
        ["StatusCode", 503],
        ["StatusCode", 502],
        ["StatusCode", 500]
      ])
    }))

  it("keeps the bodies, the headers and the cookies of answers that were errors", () =>
    Effect.gen(function* () {
      const cookie = ["a=1; Path=/", "b=2"].map((value): [string, string] => ["set-cookie", value])
      const users = HttpClient.make((request) =>
        Effect.succeed(
          HttpClientResponse.fromWeb(
            request,
            new Response('{"detail":"down"}', { status: 503, headers: [["x-request-id", "7"], ...cookie] })
          )
        )
      ).pipe(withTruce())
      const error = yield* atOnce(Effect.flip(users.get(url)))
      if (error._tag !== "RetryExhausted") throw error
      for (const { error: failed } of error.attempts) {
        const response = responseOf(failed)
        if (response === undefined) throw failed
        const { cookies, headers, json, status } = response
        expect([status, headers["x-request-id"], yield* json]).toEqual([503, "7", { detail: "down" }])
        expect(Object.keys(cookies.cookies)).toEqual(["a", "b"])
      }
    }))

  it("keeps an answer without a body, even of a status that cannot have one", () =>
    Effect.gen(function* () {
      for (const status of [204, 503]) {
        const users = client(status).plain.pipe(withTruce({ key: `${status}`, status: { 204: "retriable" } }))
        const error = yield* atOnce(Effect.flip(users.get(url)))
        const response = error._tag === "RetryExhausted" ? responseOf(error.lastError) : undefined
        if (response === undefined) throw error
        expect(yield* response.text).toBe("")
      }
    }))

  it("makes every attempt evidence, the later ones of a call by half as much", () =>
    Effect.gen(function* () {
      yield* atOnce(Effect.exit(client(500).client.get(url)))
      const { moves } = yield* HealthScore.explain(key)
      expect(moves.map(({ weight }) => weight)).toEqual([1, 0.5, 0.25])
    }))

  it("rejects with CircuitOpen, and sends nothing, while the circuit is open", () =>
    Effect.gen(function* () {
      const { client: users, sent } = client(200)
      yield* CircuitBreaker.isolate(key, "test")
      expect(yield* Effect.flip(users.get(url))).toMatchObject({ _tag: "CircuitOpen", key })
      expect(sent.length).toBe(0)
    }))

  it("asks for each attempt anew: what opens the circuit ends the call", () =>
    Effect.gen(function* () {
      const { client: users, sent } = client(500)
      const error = yield* atOnce(Effect.flip(users.get(url)))
      expect(error).toMatchObject({ _tag: "RetryExhausted", reason: "circuit-open" })
      expect(sent.length).toBe(2)
    }).pipe(Effect.provide(steady({ model: HealthModel.consecutive({ failures: 2 }) }))))

  it("goes by the rules its key has now: an override of them, and what a reload has put in their place", () =>
    Effect.gen(function* () {
      const { client: users, plain, sent } = client(503)
      const other = plain.pipe(withTruce({ key: "other" }))
      yield* atOnce(Effect.flip(users.get(url)))
      yield* atOnce(Effect.flip(other.get(url)))
      expect(sent.length).toBe(1 + 3)
      yield* Truce.reload({ retry: { attempts: 2 } })
      yield* atOnce(Effect.flip(users.get(url)))
      expect(sent.length).toBe(4 + 2)
    }).pipe(Effect.provide(Truce.layer({ overrides: { "http://users.*": { retry: { attempts: 1 } } } }))))

  it("takes its options data-first too", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(503)
      yield* atOnce(Effect.exit(withTruce(plain, { retry: { attempts: 2 } }).get(url)))
      expect(sent.length).toBe(2)
      yield* atOnce(Effect.exit(withTruce(plain).get(url)))
      expect(sent.length).toBe(5)
    }))
})

describe("the table", () => {
  const rows: ReadonlyArray<readonly [step: Step, name: string, outcome: string, sent: number]> = [
    [200, "200", "Success", 1],
    [204, "204", "Success", 1],
    [304, "304", "Success", 1],
    [400, "400", "Answered", 1],
    [401, "401", "Answered", 1],
    [404, "404", "Answered", 1],
    [409, "409", "Answered", 1],
    [422, "422", "Answered", 1],
    [408, "408", "Failure 1", 3],
    [425, "425", "Answered", 3],
    [429, "429", "Failure 0.35", 3],
    [500, "500", "Failure 1", 3],
    [501, "501", "Answered", 1],
    [502, "502", "Failure 1", 3],
    [503, "503", "Failure 1", 3],
    [504, "504", "Failure 1", 3],
    [505, "505", "Answered", 1],
    [refused, "a refused connection", "Failure 1", 3],
    [requestError("Transport", Object.assign(new Error(), { code: "ECONNRESET" })), "a broken one", "Failure 1", 3],
    [requestError("Transport"), "any other failure of the transport", "Failure 1", 3],
    [requestError("Encode"), "a body that cannot be encoded", "Ignored", 1],
    [requestError("InvalidUrl"), "an invalid URL", "Ignored", 1],
    [requestError("Transport", new TypeError('"\n" is an invalid header value.')), "an invalid header", "Ignored", 1],
    [requestError("Transport", { code: "UND_ERR_INVALID_ARG" }), "an invalid argument", "Ignored", 1],
    [Effect.die("boom"), "a defect of the client", "Ignored", 1]
  ]
  for (const [step, name, outcome, attempts] of rows) {
    it(`reads ${name} as ${outcome}, sent ${attempts === 1 ? "once" : "again"}`, () =>
      Effect.gen(function* () {
        const { client: users, sent } = client(step)
        const seen = yield* outcomes(users.get(url))
        expect(sent.length).toBe(attempts)
        expect(new Set(seen)).toEqual(new Set([outcome.split(" ")[0]]))
        const { moves } = yield* HealthScore.explain(key)
        const weight = outcome.startsWith("Failure") ? Number(outcome.slice("Failure ".length)) : undefined
        expect(moves[0]?.weight).toBe(weight)
      }))
  }

  it("takes an upgrade that fetch cannot ask for as the caller's mistake", () =>
    Effect.gen(function* () {
      const users = (yield* HttpClient.HttpClient).pipe(withTruce())
      const error = yield* Effect.flip(users.get(url, { headers: { upgrade: "websocket" } }))
      expect(reasonOf(error)).toBe("Transport")
      expect((yield* HealthScore.get(key)).score).toBe(1)
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it("lets no 404 hide two 503: it is the answer, and no recovery", () =>
    Effect.gen(function* () {
      const { client: users, sent } = client(503, 503, 404)
      const before = yield* scoreOf(key)
      expect(yield* outcomes(users.get(url))).toEqual(["Failure", "Failure", "Answered"])
      expect(sent.length).toBe(3)
      const { moves } = yield* HealthScore.explain(key)
      expect(moves.map(({ weight }) => weight)).toEqual([1, 0.5])
      expect(yield* scoreOf(key)).toBeLessThanOrEqual(before)
    }))

  it("counts no 404 against the service, however many", () =>
    Effect.gen(function* () {
      const { client: users } = client(404)
      yield* Effect.replicateEffect(users.get(url), 200, { discard: true })
      const { score, strain } = yield* HealthScore.get(key)
      expect([score, strain, yield* statusOf(key)]).toEqual([1, 0, "Closed"])
    }))

  it("lets a 404 close a circuit that is HalfOpen: what answers is up", () =>
    Effect.gen(function* () {
      const { client: users } = client(500, 404)
      yield* Effect.exit(users.get(url))
      expect(yield* statusOf(key)).toBe("Open")
      yield* TestClock.adjust("1 minute")
      for (let i = 0; i < 2; i++) expect((yield* users.get(url)).status).toBe(404)
      expect(yield* statusOf(key)).toBe("Closed")
    }).pipe(Effect.provide(steady({ model: HealthModel.consecutive({ failures: 1 }), retry: { attempts: 1 } }))))

  it("opens at once by a status with which the server speaks for all callers, until its Retry-After", () =>
    Effect.gen(function* () {
      const { plain } = client({ status: 429, headers: { "retry-after": "30" } })
      const users = plain.pipe(withTruce({ key, opens: [429], retry: { attempts: 1 } }))
      yield* Effect.exit(users.get(url))
      const { nextAdmission = 0, status } = yield* CircuitBreaker.state(key)
      expect([status, nextAdmission - (yield* Transaction.now)]).toEqual(["Open", 30_000])
    }).pipe(Effect.provide(steady())))

  it("answers a permanent status as a plain client does, with its body", () =>
    Effect.gen(function* () {
      const response = yield* client({ status: 404, body: "no such user" }).client.get(url)
      expect(yield* response.text).toBe("no such user")
    }))

  it("is overridden status by status", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(404, 200)
      const waiting = plain.pipe(withTruce({ status: { 404: "retriable" } }))
      expect((yield* atOnce(waiting.get(url))).status).toBe(200)
      expect(sent.length).toBe(2)
      const found = client(404).plain.pipe(withTruce({ status: { 404: "success" } }))
      expect(yield* outcomes(found.get(url))).toEqual(["Success"])
      const resigned = client(500).plain.pipe(withTruce({ status: { 500: "permanent" } }))
      expect(yield* outcomes(resigned.get(url))).toEqual(["Answered"])
    }))

  it("takes a rule with a weight, for an answer that is not retried and still counts", () =>
    Effect.gen(function* () {
      const { plain, sent } = client({ status: 500, body: "sorry" })
      const users = plain.pipe(withTruce({ key: "weighed", status: { 500: Classifier.permanent({ weight: 0.5 }) } }))
      const response = yield* users.get(url)
      expect([response.status, yield* response.text, sent.length]).toEqual([500, "sorry", 1])
      const { moves } = yield* HealthScore.explain("weighed")
      expect(moves.map(({ weight }) => weight)).toEqual([0.5])
    }))

  it("reads the errors of filterStatusOk inside as the answers they are of", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(503, 404)
      const users = plain.pipe(HttpClient.filterStatusOk, withTruce())
      const error = yield* atOnce(Effect.flip(users.get(url)))
      if (!HttpClientError.isHttpClientError(error)) throw error
      expect([reasonOf(error), descriptionOf(error)]).toEqual(["StatusCode", "non 2xx status code"])
      expect(sent.length).toBe(2)
    }))

  it("leaves errors that are not the client's as they are, uncounted", () =>
    Effect.gen(function* () {
      const users = client(200).plain.pipe(
        HttpClient.transformResponse(Effect.zipRight(Effect.fail("no session" as const))),
        withTruce()
      )
      expect(yield* Effect.flip(users.get(url))).toBe("no session")
      expect((yield* HealthScore.get(key)).score).toBe(1)
    }))
})

describe("the classifier of a whole exchange", () => {
  const protect = Truce.protect({ key, classify: classifier() })

  it("retries a connection that broke in the middle of the body", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(200)
      const broken = new TypeError("terminated", { cause: Object.assign(new Error(), { code: "UND_ERR_SOCKET" }) })
      const error = yield* atOnce(Effect.flip(protect(Effect.flatMap(plain.get(url), decodeError(broken)))))
      expect([error._tag, sent.length]).toEqual(["RetryExhausted", 3])
    }))

  it("neither retries nor counts a body that is not JSON", () =>
    Effect.gen(function* () {
      const { plain, sent } = client({ status: 200, body: "[1," })
      const error = yield* atOnce(Effect.flip(protect(Effect.flatMap(plain.get(url), ({ json }) => json))))
      expect([reasonOf(error), sent.length]).toEqual(["Decode", 1])
      expect((yield* HealthScore.get(key)).score).toBe(1)
    }))

  it("counts an error status that was left an answer", () =>
    Effect.gen(function* () {
      yield* protect(client(500).plain.get(url))
      const { moves } = yield* HealthScore.explain(key)
      expect(moves.map(({ weight }) => weight)).toEqual([1])
    }))
})

describe("the key", () => {
  it("is the origin of the URL that is sent", () =>
    Effect.gen(function* () {
      const { plain } = client(500)
      const users = plain.pipe(
        HttpClient.mapRequest(HttpClientRequest.prependUrl("https://api.test:8443/v1")),
        withTruce({ retry: { attempts: 1 } })
      )
      yield* Effect.exit(users.get("/users?page=1"))
      expect((yield* CircuitBreaker.states).map((state) => state.key)).toEqual(["https://api.test:8443"])
    }))

  it("keeps one origin's trouble from another", () =>
    Effect.gen(function* () {
      const { plain } = client((request) => (request.url.includes("bad") ? refused(request) : Effect.die("unused")))
      const users = plain.pipe(withTruce())
      yield* Effect.exit(atOnce(users.get("http://bad.test")))
      expect(yield* scoreOf("http://bad.test")).toBeLessThan(1)
      expect(yield* scoreOf("http://good.test")).toBe(1)
    }))

  it("is what a function makes of the request: a tenant, a route, a shard", () =>
    Effect.gen(function* () {
      const users = client(500).plain.pipe(
        withTruce({ key: ({ headers }) => `tenant-${headers["x-tenant"]}`, retry: { attempts: 1 } })
      )
      for (const tenant of ["a", "b"]) yield* Effect.exit(users.get(url, { headers: { "x-tenant": tenant } }))
      expect((yield* CircuitBreaker.states).map((state) => state.key).sort()).toEqual(["tenant-a", "tenant-b"])
    }))

  it("is that of each hop where redirects are followed around it", () =>
    Effect.gen(function* () {
      const users = client({ status: 302, headers: { location: "http://other.test/1" } }, 500).plain.pipe(
        withTruce({ retry: { attempts: 1 } }),
        HttpClient.followRedirects()
      )
      const error = yield* Effect.flip(users.get(url))
      expect(error).toMatchObject({ _tag: "RetryExhausted", key: "http://other.test" })
      expect(yield* scoreOf(key)).toBe(1)
    }))

  it("is one for all URLs that are none, which are never sent", () =>
    Effect.gen(function* () {
      const { client: users, sent } = client(200)
      for (const wrong of ["::::", "/relative", "http://"]) {
        expect(reasonOf(yield* Effect.flip(users.get(wrong)))).toBe("InvalidUrl")
      }
      expect(sent.length).toBe(0)
      expect((yield* HealthScore.get("no origin")).score).toBe(1)
    }))
})

describe("Retry-After", () => {
  const retriesAt = (headers: Record<string, string>, ...millis: ReadonlyArray<number>) =>
    Effect.gen(function* () {
      const { client: users, sent } = client({ status: 503, headers })
      const fiber = yield* Effect.fork(Effect.exit(users.get(url)))
      const seen: Array<number> = []
      for (const step of millis) {
        yield* TestClock.adjust(step)
        yield* settled
        seen.push(sent.length)
      }
      return { fiber, seen }
    })

  it("lengthens the backoff, in seconds", () =>
    Effect.gen(function* () {
      const { seen } = yield* retriesAt({ "retry-after": "4" }, 3_999, 1, 3_999, 1)
      expect(seen).toEqual([1, 2, 2, 3])
    }))

  it("lengthens the backoff, as a date by the response's own clock", () =>
    Effect.gen(function* () {
      const date = Date.UTC(2020, 0, 1)
      const headers = { date: httpDate(date), "retry-after": httpDate(date + 4_000) }
      const { seen } = yield* retriesAt(headers, 3_999, 1)
      expect(seen).toEqual([1, 2])
    }))

  it("lengthens the backoff, as a date by our clock where the response has none", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 1))
      const { seen } = yield* retriesAt({ "retry-after": httpDate(Date.UTC(2026, 0, 1) + 4_000) }, 3_999, 1)
      expect(seen).toEqual([1, 2])
    }))

  it("lengthens the backoff of a whole exchange too, as a date by our clock", () =>
    Effect.gen(function* () {
      const date = Date.UTC(2026, 0, 1)
      yield* TestClock.setTime(date)
      const { plain, sent } = client({ status: 503, headers: { "retry-after": httpDate(date + 4_000) } }, 200)
      const exchange = HttpClient.filterStatusOk(plain).get(url)
      const fiber = yield* Effect.fork(Truce.protect(exchange, { key, classify: classifier() }))
      yield* TestClock.adjust("3999 millis")
      yield* settled
      expect(sent.length).toBe(1)
      yield* TestClock.adjust("1 millis")
      expect((yield* Fiber.join(fiber)).status).toBe(200)
    }))

  it("lengthens the backoff of a status that only a rule makes retriable", () =>
    Effect.gen(function* () {
      for (const rule of ["retriable", Classifier.retriable({ weight: 0.35 })] as const) {
        const { plain, sent } = client({ status: 409, headers: { "retry-after": "4" } }, 200)
        const fiber = yield* Effect.fork(plain.pipe(withTruce({ status: { 409: rule } })).get(url))
        yield* TestClock.adjust("3999 millis")
        yield* settled
        expect(sent.length).toBe(1)
        yield* TestClock.adjust("1 millis")
        expect((yield* Fiber.join(fiber)).status).toBe(200)
      }
    }))

  it("ends the call where it asks for longer than is waited for", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(client({ status: 503, headers: { "retry-after": "3600" } }).client.get(url))
      expect(error).toMatchObject({ _tag: "RetryExhausted", reason: "deadline" })
    }))

  it("shortens no backoff", () =>
    Effect.gen(function* () {
      const { seen } = yield* retriesAt({ "retry-after": "0" }, 99, 1)
      expect(seen).toEqual([1, 2])
    }))

  it("lengthens the open time, up to its cap", () =>
    Effect.gen(function* () {
      const opened = (seconds: string, of: string) =>
        Effect.gen(function* () {
          const { plain } = client({ status: 503, headers: { "retry-after": seconds } })
          const users = plain.pipe(withTruce({ key: of }))
          yield* Effect.repeat(Effect.zipRight(Effect.exit(users.get(url)), statusOf(of)), {
            until: (status) => status === "Open",
            times: 100
          })
          const error = yield* Effect.flip(users.get(url))
          return error._tag === "CircuitOpen" ? Duration.toSeconds(error.retryAfter) : error._tag
        })
      expect([yield* opened("40", "a"), yield* opened("86400", "b")]).toEqual([40, 60])
    }).pipe(Effect.provide(steady({ retry: { attempts: 1 } }))))
})

describe("what may be sent again", () => {
  const sentBy = (request: HttpClientRequest.HttpClientRequest, options: Options = {}) =>
    Effect.gen(function* () {
      const { plain, sent } = client(503)
      const exit = yield* atOnce(Effect.flip(plain.pipe(withTruce(options)).execute(request)))
      expect(exit._tag).toBe("RetryExhausted")
      return sent.length
    })

  for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] as const) {
    it(`is a ${method}`, () => Effect.map(sentBy(HttpClientRequest.make(method)(url)), (sent) => expect(sent).toBe(3)))
  }

  for (const method of ["POST", "PATCH"] as const) {
    it(`is no ${method}, unless it has an Idempotency-Key or the client opts in`, () =>
      Effect.gen(function* () {
        const request = HttpClientRequest.make(method)(url)
        expect(yield* sentBy(request)).toBe(1)
        expect(yield* sentBy(HttpClientRequest.setHeader(request, "Idempotency-Key", "0f8f"))).toBe(3)
        expect(yield* sentBy(HttpClientRequest.setHeader(request, "Idempotency-Key", ""))).toBe(1)
        expect(yield* sentBy(request, { idempotent: ({ url }) => url.endsWith("/1") })).toBe(3)
      }))
  }

  it("is nothing that the client opts out of", () =>
    Effect.map(sentBy(HttpClientRequest.get(url), { idempotent: () => false }), (sent) => expect(sent).toBe(1)))

  it("is no body that can be read only once, even with an Idempotency-Key", () =>
    Effect.gen(function* () {
      const bytes = new TextEncoder().encode("hello")
      const keyed = HttpClientRequest.setHeader(HttpClientRequest.post(url), "Idempotency-Key", "0f8f")
      const readable = new ReadableStream()
      for (const body of [HttpBody.stream(Stream.make(bytes)), HttpBody.raw(readable), HttpBody.raw(iterated())]) {
        expect(yield* sentBy(HttpClientRequest.setBody(keyed, body))).toBe(1)
        expect(yield* sentBy(HttpClientRequest.setBody(keyed, body), { idempotent: () => true })).toBe(1)
      }
    }))

  it("is a body of data at rest", () =>
    Effect.gen(function* () {
      const put = HttpClientRequest.put(url)
      const form = new FormData()
      form.set("name", "Ada")
      const bodies = [
        HttpBody.text("hello"),
        HttpBody.unsafeJson({}),
        HttpBody.formData(form),
        HttpBody.raw("hello"),
        HttpBody.raw(new Blob(["hello"])),
        HttpBody.raw(new ArrayBuffer(2)),
        HttpBody.raw(new Uint8Array(2)),
        HttpBody.raw(new URLSearchParams({ a: "1" }))
      ]
      for (const body of bodies) expect(yield* sentBy(HttpClientRequest.setBody(put, body))).toBe(3)
    }))

  it("is still evidence where it is sent once", () =>
    Effect.gen(function* () {
      yield* Effect.exit(client(500).client.post(url))
      expect(yield* scoreOf(key)).toBeLessThan(1)
    }))

  it("asks isIdempotent by default", () =>
    Effect.sync(() => {
      expect(isIdempotent(HttpClientRequest.get(url))).toBe(true)
      expect(isIdempotent(HttpClientRequest.post(url))).toBe(false)
    }))
})

describe("times", () => {
  it("ends an attempt without headers after attemptTimeout, and tries again", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(Effect.never, 200)
      const users = plain.pipe(withTruce({ attemptTimeout: "1 second" }))
      const fiber = yield* Effect.fork(users.get(url))
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("100 millis")
      expect([(yield* Fiber.join(fiber)).status, sent.length]).toEqual([200, 2])
    }))

  it("has AttemptTimeout inside RetryExhausted, saturated", () =>
    Effect.gen(function* () {
      const users = client(Effect.never).plain.pipe(withTruce({ attemptTimeout: "1 second" }))
      const error = yield* atOnce(Effect.flip(users.get(url)))
      expect(error._tag === "RetryExhausted" && error.lastError._tag).toBe("AttemptTimeout")
      expect(yield* RetryBudget.tokens(key)).toBeLessThan(9)
    }))

  it("ends the call at the deadline, which no retry outlasts", () =>
    Effect.gen(function* () {
      const users = client(Effect.never).plain.pipe(
        withTruce({ attemptTimeout: "1 second", retry: { attempts: 100, deadline: "3 seconds", jitter: "none" } })
      )
      const fiber = yield* Effect.fork(Effect.flip(users.get(url)))
      yield* TestClock.adjust("4 seconds")
      expect(yield* Fiber.join(fiber)).toMatchObject({ _tag: "RetryExhausted", reason: "deadline" })
    }))

  it("counts an answer as slow by the time to its headers", () =>
    Effect.gen(function* () {
      const slow = HttpClient.make((request) =>
        Effect.as(Effect.sleep("300 millis"), HttpClientResponse.fromWeb(request, new Response("ok")))
      ).pipe(withTruce({ slowAfter: "200 millis" }))
      yield* atOnce(slow.get(url))
      expect(yield* RetryBudget.tokens(key)).toBeCloseTo(9.8)
    }))
})

describe("headers about the call", () => {
  const sentHeaders = (options: Options) =>
    Effect.gen(function* () {
      const { plain, sent } = client(503)
      yield* atOnce(Effect.exit(plain.pipe(withTruce(options)).get(url)))
      return sent.map(({ headers }) =>
        Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-")))
      )
    })

  it("are not sent unless asked for", () =>
    Effect.map(sentHeaders({}), (headers) => expect(headers).toEqual([{}, {}, {}])))

  it("tell the number of the attempt and what is left of both budgets", () =>
    Effect.gen(function* () {
      const retry = { deadline: "5 seconds", jitter: "none" } as const
      expect(yield* sentHeaders({ headers: true, retry })).toEqual([
        { "x-attempt": "0", "x-retry-budget": "10", "x-deadline-ms": "5000" },
        { "x-attempt": "1", "x-retry-budget": "9", "x-deadline-ms": "4900" },
        { "x-attempt": "2", "x-retry-budget": "8", "x-deadline-ms": "4700" }
      ])
    }))

  it("have the names they are given, and leave out what is false or endless", () =>
    Effect.map(sentHeaders({ headers: { attempt: "x-try", budget: false } }), (headers) =>
      expect(headers).toEqual([{ "x-try": "0" }, { "x-try": "1" }, { "x-try": "2" }])
    ))
})

describe("a retry alone", () => {
  const alone = on(() => RetryPolicy.layer({ jitter: "none" }))

  alone("retries what withTruce retries", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(503, refused, 404)
      expect((yield* atOnce(plain.pipe(withRetry()).get(url))).status).toBe(404)
      expect(sent.length).toBe(3)
    })
  )

  alone("goes by the rules of its key", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(503)
      yield* atOnce(Effect.flip(plain.pipe(withRetry()).get(url)))
      expect(sent.length).toBe(1)
    }).pipe(Effect.provide(RetryPolicy.layer({ overrides: { "http://users.*": { attempts: 1 } } })))
  )

  alone("ends in RetryExhausted, and never repeats a POST", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(503)
      const users = plain.pipe(withRetry())
      expect((yield* atOnce(Effect.flip(users.get(url))))._tag).toBe("RetryExhausted")
      expect((yield* atOnce(Effect.flip(users.post(url))))._tag).toBe("RetryExhausted")
      expect(sent.length).toBe(4)
    })
  )

  alone("has a timeout for each attempt, and headers without a budget", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(Effect.never, 200)
      const users = withRetry(plain, { attemptTimeout: "1 second", headers: true })
      expect((yield* atOnce(users.get(url))).status).toBe(200)
      expect(sent.map(({ headers }) => [headers["x-attempt"], headers["x-retry-budget"]])).toEqual([
        ["0", undefined],
        ["1", undefined]
      ])
    })
  )
})

describe("a breaker alone", () => {
  it("leaves an error status an answer, with its body, and counts it", () =>
    Effect.gen(function* () {
      const { plain, sent } = client({ status: 503, body: "down" })
      const response = yield* plain.pipe(withCircuitBreaker()).get(url)
      expect([response.status, yield* response.text, sent.length]).toEqual([503, "down", 1])
      expect(yield* scoreOf(key)).toBeLessThan(1)
    }))

  it("rejects while open, and fails with AttemptTimeout where one is given", () =>
    Effect.gen(function* () {
      const users = withCircuitBreaker(client(Effect.never).plain, { attemptTimeout: "1 second" })
      expect((yield* atOnce(Effect.flip(users.get(url))))._tag).toBe("AttemptTimeout")
      yield* CircuitBreaker.isolate(key, "test")
      expect((yield* Effect.flip(users.get(url)))._tag).toBe("CircuitOpen")
    }))

  it("weighs the attempts of a retry around it as those of one call", () =>
    Effect.gen(function* () {
      const { plain, sent } = client(503)
      const users = plain.pipe(withCircuitBreaker(), withRetry())
      const error = yield* atOnce(Effect.flip(users.get(url)))
      expect([error._tag, sent.length]).toEqual(["RetryExhausted", 3])
      const { moves } = yield* HealthScore.explain(key)
      expect(moves.map(({ weight }) => weight)).toEqual([1, 0.5, 0.25])
    }))
})

describe("what prepares a request", () => {
  it("runs once a call, before and after the client was protected, and its errors are nobody's evidence", () =>
    Effect.gen(function* () {
      let tokens = 0
      const authorized = HttpClient.mapRequestEffect((request: HttpClientRequest.HttpClientRequest) =>
        Effect.sync(() => HttpClientRequest.setHeader(request, "authorization", `token ${tokens++}`))
      )
      const { plain, sent } = client(503)
      yield* atOnce(Effect.exit(plain.pipe(authorized, withTruce(), authorized).get(url)))
      expect([tokens, sent.length, sent[0]?.headers["authorization"]]).toEqual([2, 3, "token 1"])
      const broken = plain.pipe(
        HttpClient.mapRequestEffect(() => Effect.fail("no token" as const)),
        withTruce()
      )
      const before = yield* scoreOf(key)
      expect(yield* Effect.flip(broken.get(url))).toBe("no token")
      expect(yield* scoreOf(key)).toBe(before)
    }))

  it("is told from what sends it in a client made by hand: the one runs once a call, the other once an attempt", () =>
    Effect.gen(function* () {
      const { plain } = client(503, 200)
      const ran = { prepared: 0, sent: 0 }
      const byHand = HttpClient.makeWith<
        HttpClientError.HttpClientError,
        never,
        HttpClientError.HttpClientError,
        never
      >(
        (request) => Effect.suspend(() => (ran.sent++, Effect.flatMap(request, plain.execute))),
        (request) => Effect.sync(() => (ran.prepared++, request))
      )
      expect((yield* atOnce(byHand.pipe(withTruce()).get(url))).status).toBe(200)
      expect(ran).toEqual({ prepared: 1, sent: 2 })
    }))
})

describe("options that cannot be", () => {
  it("name the field, the rule and the value, when the client is built", () =>
    Effect.sync(() => {
      const { plain } = client(200)
      const text = (build: () => unknown): string => {
        try {
          build()
        } catch (error) {
          if (error instanceof InvalidOption.InvalidOption) return error.message
          throw error
        }
        return "nothing wrong"
      }
      expect(text(() => withTruce({ attemptTimeout: 0 }))).toContain("attemptTimeout must be greater than 0")
      expect(text(() => withTruce({ slowAfter: -1 }))).toContain("slowAfter must be a duration")
      expect(text(() => withTruce({ retry: { attempts: 0 } }))).toContain("RetryPolicy: attempts must be")
      expect(text(() => withTruce({ status: { 42: "retriable" } }))).toContain("HttpClient.withTruce: status must be")
      expect(text(() => withTruce({ status: { 404: JSON.parse('"maybe"') } }))).toContain("status[404] must be")
      expect(text(() => withRetry(plain, { headers: { attempt: "x attempt" } }))).toContain(
        'HttpClient.withRetry: headers.attempt must be the name of a header, or false, got "x attempt"'
      )
      expect(text(() => withCircuitBreaker({ attemptTimeout: "-1 second" }))).toContain("HttpClient.withCircuitBreaker")
    }))

  it("may differ from request to request, for what is a function of it", () =>
    Effect.gen(function* () {
      const users = client(500).plain.pipe(withTruce({ key: ({ url }) => url, idempotent: () => false }))
      yield* Effect.forEach(
        Array.from({ length: 500 }, (_, i) => `http://users.test/${i}`),
        (one) => Effect.exit(users.get(one))
      )
      expect((yield* CircuitBreaker.states).length).toBe(500)
    }))
})

async function* iterated() {
  yield new Uint8Array(1)
}

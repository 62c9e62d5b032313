import { it } from "@effect/vitest"
import { HttpClient, HttpClientRequest } from "@effect/platform"
import { CircuitBreaker, HealthScore, RetryExhausted, Truce } from "@truce/effect3"
import { classifier, withTruce } from "@truce/effect3/HttpClient"
import { Duration, Effect, Fiber, Stream } from "effect"
import { describe, expect } from "vitest"
import { type Handler, type Served, serve } from "./httpServer.ts"
import { sleeping } from "./sleeping.ts"
import { clients, formless, reasonOf, responseOf } from "./platform/Http.ts"

const long = "x".repeat(60_000)
const patient = { base: "1 millis" } as const

/** In a fiftieth of the time: what is read of a body that does not come is read for a second. */
const hasty = sleeping((sleep) => (duration) => sleep(Duration.times(duration, 0.02)))

for (const [name, layer] of clients) {
  describe(`over ${name}`, () => {
    /** A test on a server, with the client protected and as it is; all are closed at the end. */
    const on = <A, E>(
      text: string,
      handler: Handler,
      body: (served: Served, client: HttpClient.HttpClient) => Effect.Effect<A, E, Truce.Services>
    ) =>
      it.scopedLive(text, () =>
        Effect.gen(function* () {
          const served = yield* serve(handler)
          return yield* Effect.flatMap(HttpClient.HttpClient, (client) => body(served, client)).pipe(
            Effect.provide(layer)
          )
        }).pipe(Effect.provide(Truce.layer({ retry: patient })))
      )

    on(
      "a connection closed before the headers is retried",
      (request, response, n) => (n < 2 ? request.socket.destroy() : response.end("Ada")),
      ({ requests, url }, client) =>
        Effect.gen(function* () {
          const response = yield* client.pipe(withTruce()).get(url)
          expect(yield* response.text).toBe("Ada")
          expect(requests.length).toBe(3)
          expect((yield* HealthScore.get(url)).strain).toBeGreaterThan(0)
        })
    )

    on(
      "a refused connection is retried, and found in RetryExhausted",
      () => {},
      ({ stop, url }, client) =>
        Effect.gen(function* () {
          yield* stop
          const error = yield* Effect.flip(client.pipe(withTruce()).get(url))
          if (!RetryExhausted.isRetryExhausted(error)) throw error
          expect(error.attempts.map((attempt) => reasonOf(attempt.error))).toEqual([
            "Transport",
            "Transport",
            "Transport"
          ])
        })
    )

    on(
      "a connection closed in the middle of the body is retried where the body belongs to the attempt",
      (request, response, n) => {
        if (n === 2) return response.end("whole")
        response.writeHead(200, { "content-length": 100 })
        response.write("half", () => request.socket.destroy())
      },
      ({ requests, url }, client) =>
        Effect.gen(function* () {
          const text = yield* client.get(url).pipe(
            Effect.flatMap((response) => response.text),
            Truce.protect({ key: "users", classify: classifier() })
          )
          expect([text, requests.length]).toEqual(["whole", 3])
          expect((yield* HealthScore.explain("users")).moves.length).toBeGreaterThan(0)
        })
    )

    on(
      "headers that do not come in time end the attempt, and its connection",
      (_, response, n) => {
        if (n > 0) response.end("Ada")
      },
      ({ aborted, url }, client) =>
        Effect.gen(function* () {
          // a loaded machine may need more than one
          const users = client.pipe(withTruce({ attemptTimeout: "200 millis", retry: { attempts: 20, ...patient } }))
          expect(yield* Effect.flatMap(users.get(url), (response) => response.text)).toBe("Ada")
          yield* aborted(1)
        })
    )

    on(
      "a hung server is cut off: every connection is closed, the circuit opens",
      () => {},
      ({ aborted, requests, url }, client) =>
        Effect.gen(function* () {
          const users = client.pipe(withTruce({ attemptTimeout: "20 millis" }))
          yield* Effect.repeat(Effect.zipRight(Effect.exit(users.get(url)), CircuitBreaker.state(url)), {
            until: ({ status }) => status === "Open",
            times: 200
          })
          expect((yield* CircuitBreaker.state(url)).status).toBe("Open")
          yield* aborted(requests.length)
        })
    )

    on(
      "interruption aborts the request",
      () => {},
      ({ aborted, asked, url }, client) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(client.pipe(withTruce({ attemptTimeout: "1 minute" })).get(url))
          yield* asked(1)
          yield* Fiber.interrupt(fiber)
          yield* aborted(1)
          expect((yield* HealthScore.get(url)).score).toBe(1)
        })
    )

    on(
      "interruption in the backoff sends nothing more",
      (_, response) => response.writeHead(503).end(),
      ({ asked, requests, url }, client) =>
        Effect.gen(function* () {
          const users = client.pipe(withTruce({ retry: { base: "1 hour", cap: "1 hour" } }))
          const fiber = yield* Effect.fork(users.get(url))
          yield* asked(1)
          yield* Fiber.interrupt(fiber)
          expect(requests.length).toBe(1)
        })
    )

    on(
      "a scope of the client's own still ends the request",
      () => {},
      ({ aborted, asked, url }, client) =>
        Effect.gen(function* () {
          const inside = yield* Effect.fork(Effect.scoped(client.pipe(HttpClient.withScope, withTruce()).get(url)))
          yield* asked(1)
          yield* Fiber.interrupt(inside)
          yield* aborted(1)
          const around = yield* Effect.fork(Effect.scoped(client.pipe(withTruce(), HttpClient.withScope).get(url)))
          yield* asked(2)
          yield* Fiber.interrupt(around)
          yield* aborted(2)
        })
    )

    on(
      "1xx are no answers: early hints and 102 come before one",
      (_, response) => {
        response.writeEarlyHints({ link: "</style.css>; rel=preload; as=style" })
        response.writeProcessing()
        response.end("Ada")
      },
      ({ requests, url }, client) =>
        Effect.gen(function* () {
          const response = yield* client.pipe(withTruce()).get(url)
          expect([response.status, yield* response.text, requests.length]).toEqual([200, "Ada", 1])
        })
    )

    // fetch and undici do not send this header.
    if (name.includes("node")) {
      on(
        "100 Continue is no answer either",
        (request, response) => {
          request.resume().on("end", () => response.end("Ada"))
        },
        ({ requests, url }, client) =>
          Effect.gen(function* () {
            const put = HttpClientRequest.put(url, { headers: { expect: "100-continue" } })
            const response = yield* client.pipe(withTruce()).execute(HttpClientRequest.bodyText(put, "hello"))
            expect([response.status, yield* response.text, requests.length]).toEqual([200, "Ada", 1])
          })
      )
    }

    on(
      "a body that is read once reaches the server once, one of bytes again",
      (request, response) => {
        request.resume().on("end", () => response.writeHead(503).end())
      },
      ({ requests, url }, client) =>
        Effect.gen(function* () {
          const users = client.pipe(withTruce())
          const put = HttpClientRequest.put(url)
          const stream = Stream.make(new TextEncoder().encode("hello"))
          yield* Effect.flip(users.execute(HttpClientRequest.bodyStream(put, stream)))
          expect(requests.length).toBe(1)
          yield* Effect.flip(users.execute(HttpClientRequest.bodyText(put, "hello")))
          expect(requests.length).toBe(4)
        })
    )

    on(
      "headers about the call reach the server, one attempt after the other",
      (_, response) => response.writeHead(503).end(),
      ({ requests, url }, client) =>
        Effect.gen(function* () {
          yield* Effect.flip(client.pipe(withTruce({ headers: true })).get(url))
          expect(requests.map(({ headers }) => headers["x-attempt"])).toEqual(["0", "1", "2"])
        })
    )

    on(
      "trace context goes with every attempt, each under a span of its own",
      (_, response) => response.writeHead(503).end(),
      ({ requests, url }, client) =>
        Effect.gen(function* () {
          yield* Effect.flip(client.pipe(withTruce()).get(url)).pipe(Effect.withSpan("call"))
          const parents = requests.map(({ headers }) => String(headers["traceparent"]).split("-"))
          expect(new Set(parents.map(([, trace]) => trace)).size).toBe(1)
          expect(new Set(parents.map(([, , span]) => span)).size).toBe(3)
        })
    )

    on(
      "200 answers that are not kept leave no socket behind but those that can be used again",
      (_, response) => response.writeHead(503).end(long),
      ({ open, connections, requests, url }, client) =>
        Effect.gen(function* () {
          // each is its own key, so that no circuit opens
          const users = client.pipe(withTruce({ key: ({ url }) => url, retry: { attempts: 2, ...patient } }))
          for (let i = 0; i < 100; i++) {
            const error = yield* Effect.flip(users.get(`${url}/${i}`))
            const response = error._tag === "RetryExhausted" ? responseOf(error.lastError) : undefined
            if (response === undefined) throw error
            if (i === 0) expect(yield* response.text).toBe(long)
          }
          expect(requests.length).toBe(200)
          yield* open(2)
          if (name !== "the node client") expect(connections()).toBeLessThan(100)
        })
    )

    on(
      "200 answers whose body never ends leave no socket behind",
      (_, response) => {
        response.writeHead(503).write("x".repeat(10))
      },
      ({ aborted, requests, url }, client) =>
        Effect.gen(function* () {
          const users = client.pipe(withTruce({ key: ({ url }) => url, retry: { attempts: 2, ...patient } }))
          yield* Effect.forEach(Array.from({ length: 100 }), (_, i) => Effect.flip(users.get(`${url}/${i}`)), {
            concurrency: 20
          })
          expect(requests.length).toBe(200)
          yield* aborted(200)
        }).pipe(hasty)
    )

    on(
      "a body without end is not read to one",
      (_, response) => {
        const more = () => {
          while (!response.destroyed && response.write("x".repeat(16_384)));
        }
        response.writeHead(503).on("drain", more)
        more()
      },
      ({ aborted, url }, client) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(client.pipe(withTruce()).get(url))
          yield* aborted(3)
          const response = error._tag === "RetryExhausted" ? responseOf(error.lastError) : undefined
          if (response === undefined) throw error
          expect(reasonOf(yield* Effect.flip(response.text))).toBe("Decode")
        })
    )

    on(
      "a body that never ends is cut off where nothing can be interrupted, too",
      (_, response) => {
        response.writeHead(503).write("x")
      },
      ({ aborted, url }, client) =>
        Effect.gen(function* () {
          yield* Effect.uninterruptible(Effect.flip(client.pipe(withTruce()).get(url)))
          yield* aborted(3)
        }).pipe(hasty)
    )

    on(
      "a status that nobody knows is kept as it came",
      (_, response) => {
        response.setHeader("set-cookie", ["a=1", "b=2"])
        response.writeHead(999, { "x-word": "na\u00efve" }).end("blocked")
      },
      ({ url }, client) =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(client.pipe(withTruce()).get(url))
          const response = error._tag === "RetryExhausted" ? responseOf(error.lastError) : undefined
          if (response === undefined) throw error
          const { cookies, headers, status, text } = response
          expect([status, yield* text]).toEqual([999, "blocked"])
          expect([headers["x-word"], Object.keys(cookies.cookies)]).toEqual(["na\u00efve", ["a", "b"]])
        })
    )

    if (!formless.includes(name)) {
      on(
        "a form is sent again, whole",
        (request, response, n) => {
          let text = ""
          request
            .on("data", (chunk) => (text += String(chunk)))
            .on("end", () => response.writeHead(n < 2 ? 503 : 200).end(text))
        },
        ({ requests, url }, client) =>
          Effect.gen(function* () {
            const form = new FormData()
            form.set("name", "Ada")
            form.set("file", new Blob(["portrait"]), "ada.txt")
            const response = yield* client
              .pipe(withTruce())
              .execute(HttpClientRequest.bodyFormData(HttpClientRequest.put(url), form))
            const sent = yield* response.text
            expect([requests.length, sent.includes("Ada"), sent.includes("portrait")]).toEqual([3, true, true])
          })
      )
    }

    on(
      "200 requests at once are all answered, over connections that are used again",
      (_, response, n) => (n % 10 === 9 ? response.writeHead(503).end() : response.end("Ada")),
      ({ connections, requests, url }, client) =>
        Effect.gen(function* () {
          const users = client.pipe(withTruce({ retry: { attempts: 5, ...patient } }))
          const ask = Effect.flatMap(users.get(url), (response) => response.text)
          const texts = yield* Effect.all(
            Array.from({ length: 200 }, () => ask),
            { concurrency: "unbounded" }
          )
          expect(new Set(texts)).toEqual(new Set(["Ada"]))
          expect(requests.length).toBeGreaterThan(200)
          const before = connections()
          for (let i = 0; i < 5; i++) yield* ask
          if (name !== "the node client") expect(connections()).toBeLessThan(before + 5)
        })
    )
  })
}

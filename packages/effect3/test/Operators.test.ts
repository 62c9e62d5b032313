import * as Sse from "@effect/experimental/Sse"
import { HttpApiClient, HttpClient, HttpClientRequest, HttpServer, OpenApi } from "@effect/platform"
import { it } from "@effect/vitest"
import { InvalidOption, Outcome } from "@truce/core"
import { CircuitBreaker, RetryBudget } from "@truce/effect3"
import * as CircuitReport from "@truce/effect3/CircuitReport"
import * as Operators from "@truce/effect3/Operators"
import * as TransitionFeed from "@truce/effect3/TransitionFeed"
import { DateTime, Duration, Effect, type Layer, Schema, TestClock } from "effect"
import fc from "fast-check"
import * as Http from "node:http"
import { describe, expect } from "vitest"
import {
  Harmless,
  api,
  at,
  change,
  harmless,
  having,
  isRefusal,
  rule,
  serving,
  statuses,
  unencodable
} from "./platform/Operators.ts"
import { attempt, failing, key, steady, trip } from "./support.ts"

type Served = Layer.Layer.Success<ReturnType<typeof serving>>

const test = <E>(name: string, body: () => Effect.Effect<void, E, Served>, options?: TransitionFeed.Options) =>
  it.live(name, () => Effect.provide(body(), serving(options)))

const port = Effect.map(HttpServer.HttpServer, ({ address }) => ("port" in address ? address.port : 0))
const url = Effect.map(port, (number) => `http://127.0.0.1:${number}`)

const client = Effect.flatMap(url, (baseUrl) =>
  HttpApiClient.make(api, {
    baseUrl,
    transformClient: HttpClient.mapRequest(HttpClientRequest.bearerToken("secret"))
  })
)

interface Sent {
  readonly method?: string
  readonly body?: string | Blob
  readonly headers?: { readonly [name: string]: string }
}

/** What another program gets, byte for byte. */
const fetched = (path: string, init: Sent = {}, token = "secret") =>
  Effect.flatMap(url, (base) =>
    Effect.promise(async () => {
      const headers = { authorization: `Bearer ${token}`, ...init.headers }
      const response = await fetch(`${base}${path}`, { ...init, headers })
      const text = await response.text()
      return { status: response.status, text, type: response.headers.get("content-type") }
    })
  )

const posted = (path: string, body: unknown, type = "application/json") =>
  fetched(path, { method: "POST", body: JSON.stringify(body), headers: { "content-type": type } })

describe("the group", () => {
  for (const [method, path] of [
    ["GET", "/internal/circuits"],
    ["GET", "/internal/circuits/users-api"],
    ["POST", "/internal/circuits/users-api/isolate"],
    ["POST", "/internal/circuits/users-api/disable"],
    ["POST", "/internal/circuits/users-api/observe"],
    ["POST", "/internal/circuits/users-api/reset"],
    ["GET", "/internal/transitions"]
  ] as const) {
    test(`is closed to who has no token: ${method} ${path}`, () =>
      Effect.gen(function* () {
        yield* trip()
        for (const token of ["", "wrong"]) {
          const { status, text } = yield* fetched(path, { method }, token)
          expect([status, text]).toEqual([401, ""])
        }
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Open", mode: { _tag: "Automatic" } })
      }))
  }

  test("leaves the user's own endpoints as they are", () =>
    Effect.gen(function* () {
      expect(yield* fetched("/hello", {}, "")).toMatchObject({ status: 200, text: `"hello"` })
    }))

  it("cannot be built without a middleware that can reject", () => {
    for (const middleware of [undefined, {}, () => Effect.void, ...harmless]) {
      // What the types forbid, for who has none.
      expect(() => Reflect.apply(Operators.group, undefined, [middleware])).toThrow(InvalidOption.InvalidOption)
    }
    expect(() => Reflect.apply(Operators.group, undefined, [Harmless])).toThrow(
      `Operators.group: middleware must be ${rule}`
    )
  })
})

describe("list", () => {
  test("has every circuit with its state, score and tokens, by key", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* attempt(failing, "b")
      yield* CircuitBreaker.isolate("a", "maintenance")
      yield* RetryBudget.withdraw("b", Outcome.timedOut)
      const { circuits } = yield* (yield* client).circuits.list(having())
      expect(circuits.map(({ key, mode, reason, status }) => [key, status, mode, reason])).toEqual([
        ["a", "Isolated", "Isolated", "maintenance"],
        ["b", "Closed", "Automatic", ""],
        [key, "Open", "Automatic", ""]
      ])
      const [a, b, open] = circuits
      expect(a?.admitsIn).toEqual(Duration.infinity)
      expect(b).toMatchObject({ openings: 0, probes: 0, generation: 0, admitsIn: Duration.zero })
      expect(b?.score).toBeCloseTo(0.8, 2)
      expect(b?.strain).toBeGreaterThan(0)
      expect(b?.tokens).toBe(yield* RetryBudget.tokens("b"))
      expect(open?.score).toBeLessThan(open?.openBelow ?? 0)
      expect(Duration.toMinutes(open?.admitsIn ?? 0)).toBeGreaterThan(59)
    }))

  test("of one status has the others left out", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* attempt(failing, "b")
      const { circuits } = yield* (yield* client).circuits.list(having("Open"))
      expect(circuits.map(({ key }) => key)).toEqual([key])
      expect((yield* fetched("/internal/circuits?status=Ajar")).status).toBe(400)
    }))

  test('is JSON without Infinity: an operator\'s wait is "never"', () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate(key, "")
      const { text, type } = yield* fetched("/internal/circuits")
      expect(type).toBe("application/json")
      expect(JSON.parse(text).circuits[0]).toMatchObject({ admitsIn: "never", inStateFor: expect.any(Number) })
    }))

  it.effect('has tokens without a limit as "unlimited"', () =>
    Effect.gen(function* () {
      const encode = Schema.encode(CircuitReport.Tokens)
      const decode = Schema.decode(CircuitReport.Tokens)
      expect([yield* encode(Infinity), yield* encode(3.5)]).toEqual(["unlimited", 3.5])
      expect([yield* decode("unlimited"), yield* decode(3.5)]).toEqual([Infinity, 3.5])
    })
  )
})

describe("explain", () => {
  test("says why, as CircuitBreaker.explain does", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* CircuitBreaker.isolate(key, "maintenance")
      const explained = yield* (yield* client).circuits.explain(at(key))
      const { cause } = yield* CircuitBreaker.explain(key)
      expect(explained.cause.replace(/\d+ ?m?s/, "")).toBe(cause.replace(/\d+ ?m?s/, ""))
      expect(explained.text).toContain("maintenance")
      expect(explained.moves).toHaveLength(5)
      expect(explained.moves[0]).toMatchObject({ outcome: "Failure", weight: 1 })
      expect(explained.transitions).toMatchObject([
        { from: "Closed", to: "Open", openFor: Duration.hours(1), openings: 1 },
        { from: "Open", to: "Isolated", mode: "Isolated", reason: "maintenance" }
      ])
    }))

  test("of a key that no circuit has is a typed 404, and makes none", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip((yield* client).circuits.explain(at("typo")))
      expect(error).toMatchObject({ _tag: "CircuitNotFound", key: "typo" })
      expect((yield* fetched("/internal/circuits/typo")).status).toBe(404)
      expect(yield* CircuitBreaker.states).toEqual([])
    }))
})

describe("control", () => {
  test("isolates, disables, observes and resets, with the reason", () =>
    Effect.gen(function* () {
      yield* trip()
      const { circuits } = yield* client
      for (const [name, status, mode] of [
        ["isolate", "Isolated", "Isolated"],
        ["disable", "Disabled", "Disabled"],
        ["observe", "Closed", "Observing"],
        ["reset", "Closed", "Automatic"]
      ] as const) {
        const circuit = yield* circuits[name](change(key, { reason: `because of ${name}` }))
        expect(circuit).toMatchObject({ key, status, mode, reason: `because of ${name}` })
        expect(yield* CircuitBreaker.state(key)).toMatchObject({
          status,
          mode: { _tag: mode, reason: `because of ${name}` }
        })
      }
    }))

  for (const name of ["isolate", "disable", "observe", "reset"]) {
    test(`of a key that no circuit has is a 404 that says how, and makes none: ${name}`, () =>
      Effect.gen(function* () {
        const { status, text } = yield* posted(`/internal/circuits/typo/${name}`, { reason: "migration" })
        expect(status).toBe(404)
        expect(JSON.parse(text)).toMatchObject({ _tag: "CircuitNotFound", key: "typo" })
        expect(JSON.parse(text).message).toContain(`no circuit has the key "typo"`)
        expect(yield* CircuitBreaker.states).toEqual([])
      }))
  }

  test("with create takes control of a key before its first call", () =>
    Effect.gen(function* () {
      const payload = { reason: "migration", create: true }
      yield* (yield* client).circuits.isolate(change(key, payload))
      expect(yield* Effect.flip(Effect.flatten(attempt(failing)))).toMatchObject({
        _tag: "CircuitOpen",
        state: "Isolated"
      })
    }))

  test("never creates by reset", () =>
    Effect.gen(function* () {
      expect((yield* posted(`/internal/circuits/typo/reset`, { reason: "x", create: true })).status).toBe(404)
    }))

  const bad: ReadonlyArray<readonly [name: string, body: unknown]> = [
    ["no reason", {}],
    ["an empty reason", { reason: "" }],
    ["a blank reason", { reason: " \n\t" }],
    ["a reason of 501 characters", { reason: "x".repeat(501) }],
    ["a reason that is no text", { reason: 7 }],
    ["null", null]
  ]
  for (const [name, body] of bad) {
    test(`is a 400 that changes nothing: ${name}`, () =>
      Effect.gen(function* () {
        yield* attempt(failing)
        const { status, text } = yield* posted(`/internal/circuits/${key}/isolate`, body)
        expect([status, isRefusal(text)]).toEqual([400, true])
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed" })
      }))
  }

  test("takes a reason of 500 characters", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      expect((yield* posted(`/internal/circuits/${key}/isolate`, { reason: "x".repeat(500) })).status).toBe(200)
    }))

  for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]) {
    test(`is not possible by a form of another site: ${type}`, () =>
      Effect.gen(function* () {
        yield* attempt(failing)
        const body = type.startsWith("multipart")
          ? `--x\r\ncontent-disposition: form-data; name="reason"\r\n\r\nmine\r\n--x--\r\n`
          : "reason=mine"
        const { status } = yield* fetched(`/internal/circuits/${key}/isolate`, {
          method: "POST",
          body,
          headers: { "content-type": type }
        })
        expect([400, 415]).toContain(status)
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed" })
      }))
  }

  test("is not possible without a declared type of content", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      const body = new Blob([JSON.stringify({ reason: "mine" })])
      const { status, text } = yield* fetched(`/internal/circuits/${key}/isolate`, { method: "POST", body })
      expect([status, JSON.parse(text)._tag]).toEqual([415, "JsonRequired"])
      expect(yield* CircuitBreaker.state(key)).toMatchObject({ status: "Closed" })
    }))

  test("of a body that is not JSON is a client's mistake", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      const { status } = yield* fetched(`/internal/circuits/${key}/isolate`, {
        method: "POST",
        body: `{"reason":`,
        headers: { "content-type": "application/json" }
      })
      expect(status).toBe(400)
    }))
})

describe("a key", () => {
  const odd = [
    "http://host:8080/",
    "with spaces",
    "100%",
    "%2F",
    "%",
    "a%252Fb",
    "ключ",
    "鍵 🔑",
    "İstanbul",
    "a/b//c",
    "?x=1#y;z",
    "",
    ".",
    "..",
    "~",
    "~tilde",
    "__proto__",
    "a\nb\u0000c",
    "UPPER and lower",
    "+&='\"<>",
    "x".repeat(100)
  ]

  test("is any text, in the path of every endpoint, for the derived client", () =>
    Effect.gen(function* () {
      const { circuits } = yield* client
      for (const key of odd) {
        const created = yield* circuits.isolate(change(key, { reason: "odd", create: true }))
        expect(created.key).toBe(key)
        expect((yield* circuits.explain(at(key))).key).toBe(key)
        expect((yield* circuits.reset(change(key, { reason: "done" }))).key).toBe(key)
      }
      expect((yield* circuits.list(having())).circuits.map(({ key }) => key)).toEqual([...odd].sort())
    }))

  test("is any text at all, up to 100 characters", () =>
    Effect.gen(function* () {
      const { circuits } = yield* client
      for (const key of fc.sample(fc.string({ unit: "grapheme", maxLength: 40 }), 100)) {
        const payload = { reason: "odd", create: true }
        expect((yield* circuits.disable(change(key, payload))).key).toBe(key)
      }
    }))

  test("is percent-encoded by hand", () =>
    Effect.gen(function* () {
      const origin = "http://host:8080/"
      yield* attempt(failing, origin)
      const { status, text } = yield* fetched(`/internal/circuits/${encodeURIComponent(origin)}`)
      expect([status, JSON.parse(text).key]).toEqual([200, origin])
    }))

  test("in base64url that is none is a 400", () =>
    Effect.gen(function* () {
      expect((yield* fetched("/internal/circuits/~!")).status).toBe(400)
    }))

  test("that UTF-8 cannot carry is an error of the client, before a request", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip((yield* client).circuits.explain(at("\ud800")))
      expect(error._tag).toBe(unencodable)
    }))

  it.live("is longer than the router's limit where the router is told so", () =>
    Effect.gen(function* () {
      const long = "x".repeat(1_000)
      const payload = { reason: "long", create: true }
      expect((yield* (yield* client).circuits.isolate(change(long, payload))).key).toBe(long)
    }).pipe(Effect.provide(serving({}, { maxParamLength: 2_000 })))
  )
})

describe("transitions", () => {
  /** A reader on a socket of its own; what it got is parsed as the standard says. */
  const reader = (headers: Http.OutgoingHttpHeaders = {}) =>
    Effect.flatMap(url, (base) =>
      Effect.acquireRelease(
        Effect.async<{
          readonly headers: Http.IncomingHttpHeaders
          readonly text: () => string
          readonly events: () => ReadonlyArray<Sse.Event>
          readonly until: (met: () => boolean) => Effect.Effect<void>
          readonly ended: Effect.Effect<void>
          readonly pause: () => void
          readonly resume: () => void
          readonly close: () => void
        }>((resume) => {
          const request = Http.get(
            `${base}/internal/transitions`,
            { agent: false, headers: { authorization: "Bearer secret", ...headers } },
            (response) => {
              let text = ""
              const events: Array<Sse.Event> = []
              const looks = new Set<() => void>()
              const parser = Sse.makeParser((event) => void (event._tag === "Event" && events.push(event)))
              response.setEncoding("utf8").on("data", (chunk: string) => {
                text += chunk
                parser.feed(chunk)
                for (const look of looks) look()
              })
              const ended = new Promise<void>((resolve) => response.on("close", resolve))
              resume(
                Effect.succeed({
                  headers: response.headers,
                  text: () => text,
                  events: () => events,
                  until: (met: () => boolean) =>
                    Effect.async<void>((met_) => {
                      const look = () => void (met() && met_(Effect.void))
                      looks.add(look)
                      look()
                    }),
                  ended: Effect.promise(() => ended),
                  pause: () => response.pause(),
                  resume: () => response.resume(),
                  close: () => request.destroy()
                })
              )
            }
          )
          request.on("error", () => undefined)
        }),
        ({ close }) => Effect.sync(close)
      )
    )

  const sse = <E>(
    name: string,
    body: () => Effect.Effect<void, E, Served | Effect.Effect.Context<ReturnType<typeof reader>>>,
    options?: TransitionFeed.Options
  ) => it.scopedLive(name, () => Effect.provide(body(), serving(options)))

  const connected = (headers?: Http.OutgoingHttpHeaders) =>
    Effect.tap(reader(headers), ({ text, until }) => until(() => text().includes("connected")))

  /** Waits until nobody reads. */
  const deserted = Effect.flatMap(TransitionFeed.TransitionFeed, ({ readers }) =>
    Effect.repeat(Effect.zipLeft(readers, Effect.sleep(1)), { until: (count) => count === 0 })
  )

  /** More than sockets, buffers and a feed of few events together hold. */
  const flood = Effect.forEach(
    Array.from({ length: 300 }, (_, n) => `${n} ${"x".repeat(100_000)}`),
    (reason) => Effect.zipRight(CircuitBreaker.isolate(key, reason), Effect.yieldNow())
  )
  const few = { history: 16 }

  const decode = Schema.decodeSync(Schema.parseJson(CircuitReport.Transition))

  sse("are server-sent events with ids, as they happen", () =>
    Effect.gen(function* () {
      const { events, headers, text, until } = yield* connected()
      expect(headers).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-store, no-transform" })
      const before = Date.now()
      yield* trip()
      yield* CircuitBreaker.isolate(key, "line\nbreak")
      yield* until(() => events().length === 2)
      expect(text()).toMatch(
        /^retry: 3000\n: connected\n\nid: [0-9a-z]+-1\nevent: transition\ndata: \{"key":"users-api",.*\}\n\nid: .*\n\n$/s
      )
      const [opened, isolated] = events()
      expect([opened?.event, isolated?.event]).toEqual(["transition", "transition"])
      expect(opened?.id).toMatch(/^[0-9a-z]+-1$/)
      expect(isolated?.id).toMatch(/^[0-9a-z]+-2$/)
      const transition = decode(opened?.data ?? "")
      expect(transition).toMatchObject({ key, from: "Closed", to: "Open", openings: 1, openFor: Duration.hours(1) })
      expect(Math.abs(DateTime.toEpochMillis(transition.at) - before)).toBeLessThan(60_000)
      expect(decode(isolated?.data ?? "")).toMatchObject({ from: "Open", to: "Isolated", reason: "line break" })
    })
  )

  sse("begin when the reader is connected: what was before is not sent", () =>
    Effect.gen(function* () {
      yield* CircuitBreaker.isolate("before", "")
      const { events, until } = yield* connected()
      yield* CircuitBreaker.isolate("after", "")
      yield* until(() => events().length === 1)
      expect(events().map(({ data }) => decode(data).key)).toEqual(["after"])
    })
  )

  sse("are sent to two readers alike", () =>
    Effect.gen(function* () {
      const [one, two] = [yield* connected(), yield* connected()]
      yield* Effect.forEach(["a", "b", "c"], (of) => CircuitBreaker.isolate(of, ""))
      yield* one.until(() => one.events().length === 3)
      yield* two.until(() => two.events().length === 3)
      expect(one.events()).toEqual(two.events())
    })
  )

  sse("that a reader missed are sent when it comes back", () =>
    Effect.gen(function* () {
      const first = yield* connected()
      yield* CircuitBreaker.isolate("a", "")
      yield* first.until(() => first.events().length === 1)
      first.close()
      yield* deserted
      yield* CircuitBreaker.isolate("b", "")
      yield* CircuitBreaker.isolate("c", "")
      const second = yield* connected({ "last-event-id": first.events()[0]?.id })
      yield* CircuitBreaker.isolate("d", "")
      yield* second.until(() => second.events().length === 3)
      expect(second.events().map(({ data }) => decode(data).key)).toEqual(["b", "c", "d"])
    })
  )

  for (const id of ["zzzzzzzzz-7", "nonsense", "-1"]) {
    sse(`are all sent to a reader of another process: ${id}`, () =>
      Effect.gen(function* () {
        yield* CircuitBreaker.isolate("a", "")
        const { events, until } = yield* connected({ "last-event-id": id })
        yield* until(() => events().length === 1)
        expect(decode(events()[0]?.data ?? "").key).toBe("a")
      })
    )
  }

  sse(
    "that are no longer kept are told as lost",
    () =>
      Effect.gen(function* () {
        const first = yield* connected()
        yield* CircuitBreaker.isolate("first", "")
        yield* first.until(() => first.events().length === 1)
        first.close()
        yield* deserted
        yield* Effect.forEach(["a", "b", "c", "d", "e"], (of) => CircuitBreaker.isolate(of, ""))
        const second = yield* connected({ "last-event-id": first.events()[0]?.id })
        yield* second.until(() => second.events().length === 3)
        expect(second.events().map(({ data, event }) => [event, data.slice(0, 12)])).toEqual([
          ["lost", `{"lost":3}`],
          ["transition", `{"key":"d","`],
          ["transition", `{"key":"e","`]
        ])
      }),
    { history: 2 }
  )

  sse(
    "keep a quiet connection alive by comments, which are no events",
    () =>
      Effect.gen(function* () {
        const { events, text, until } = yield* connected()
        yield* until(() => text().split(": keep-alive\n\n").length > 3)
        expect(events()).toEqual([])
      }),
    { keepAlive: "5 millis" }
  )

  sse("are let go of when the reader is gone", () =>
    Effect.gen(function* () {
      const { readers } = yield* TransitionFeed.TransitionFeed
      const [one, two] = [yield* connected(), yield* connected()]
      expect(yield* readers).toBe(2)
      one.close()
      two.close()
      yield* deserted
    })
  )

  sse(
    "never hold a call for a slow reader, which is told what it has lost",
    () =>
      Effect.gen(function* () {
        const slow = yield* connected()
        slow.pause()
        yield* flood
        expect(yield* CircuitBreaker.state(key)).toMatchObject({ generation: 300 })
        const quick = yield* connected()
        yield* CircuitBreaker.reset(key, "last")
        yield* quick.until(() => quick.events().length === 1)
        slow.resume()
        yield* slow.until(() => slow.events().at(-1)?.id === quick.events()[0]?.id)
        const lost = slow.events().filter(({ event }) => event === "lost")
        expect(lost.length).toBeGreaterThan(0)
        const told = lost.reduce((sum, { data }) => sum + Number(JSON.parse(data).lost), 0)
        expect(told + slow.events().length - lost.length).toBe(301)
      }),
    few
  )

  sse(
    "of a paused reader that hangs up are let go of",
    () =>
      Effect.gen(function* () {
        const slow = yield* connected()
        slow.pause()
        yield* flood
        slow.close()
        yield* deserted
      }),
    few
  )

  it.scopedLive("end when the server does", () =>
    Effect.gen(function* () {
      const { ended } = yield* Effect.provide(connected(), serving())
      yield* ended
    })
  )
})

describe("the OpenAPI document", () => {
  const spec = OpenApi.fromApi(api)

  it("has every endpoint behind the user's security, with a summary and a description", () => {
    const found = Object.entries(spec.paths).filter(([path]) => path.startsWith("/internal"))
    expect(found.map(([path]) => path).sort()).toEqual([
      "/internal/circuits",
      "/internal/circuits/{key}",
      "/internal/circuits/{key}/disable",
      "/internal/circuits/{key}/isolate",
      "/internal/circuits/{key}/observe",
      "/internal/circuits/{key}/reset",
      "/internal/transitions"
    ])
    for (const [, item] of found) {
      for (const operation of [item.get, item.post]) {
        if (operation === undefined) continue
        expect(operation.security).toEqual([{ bearer: [] }])
        expect(operation.summary).toMatch(/^[A-Z]/)
        expect(operation.description).toMatch(/\.$/)
        expect(Object.keys(operation.responses)).toContain("401")
      }
    }
  })

  it("has the errors, the rule of a reason, and what never is", () => {
    const isolate = spec.paths["/internal/circuits/{key}/isolate"]?.post
    expect(Object.keys(isolate?.responses ?? {}).sort()).toEqual(statuses)
    expect(spec.components.schemas["CircuitControl"]).toMatchObject({
      properties: { reason: { type: "string", maxLength: 500 } },
      required: ["reason"]
    })
    expect(spec.components.schemas["Circuit"]).toMatchObject({
      properties: { admitsIn: { description: expect.stringContaining("never") } }
    })
  })

  it("is JSON", () => {
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec)
  })
})

describe("a dashboard", () => {
  test("reads the twins alike: errors", () =>
    Effect.gen(function* () {
      yield* attempt(failing)
      const unknown = yield* fetched("/internal/circuits/typo")
      expect([unknown.status, unknown.type, JSON.parse(unknown.text)]).toEqual([
        404,
        "application/json",
        {
          _tag: "CircuitNotFound",
          key: "typo",
          message: `no circuit has the key "typo": it has not been called, or was idle and dropped; send "create": true to isolate, disable or observe it before its next call`
        }
      ])
      const body = new Blob([JSON.stringify({ reason: "mine" })])
      const undeclared = yield* fetched(`/internal/circuits/${key}/isolate`, { method: "POST", body })
      expect([undeclared.status, undeclared.type, JSON.parse(undeclared.text)]).toEqual([
        415,
        "application/json",
        { _tag: "JsonRequired", message: "send the body with content-type: application/json" }
      ])
    }))

  it.effect("reads the twins alike: circuits and transitions", () =>
    Effect.gen(function* () {
      yield* trip()
      yield* TestClock.adjust("300 millis")
      yield* CircuitBreaker.isolate("billing", "maintenance")
      const reports = (yield* CircuitBreaker.states).map((state) =>
        CircuitReport.fromState(state, state.key === key ? 7.5 : Infinity, 300)
      )
      expect(Schema.encodeSync(Schema.parseJson(Schema.Array(CircuitReport.Circuit)))(reports)).toBe(
        `[{"key":"users-api","status":"Open","mode":"Automatic","reason":"","score":0,"openBelow":0.1,"strain":0.5442145968097729,"tokens":7.5,"openings":1,"probes":0,"generation":1,"inStateFor":300,"admitsIn":200},{"key":"billing","status":"Isolated","mode":"Isolated","reason":"maintenance","score":1,"openBelow":0.1,"strain":0,"tokens":"unlimited","openings":0,"probes":0,"generation":1,"inStateFor":0,"admitsIn":"never"}]`
      )
      const explained = CircuitReport.fromExplanation(yield* CircuitBreaker.explain(key), 7.5)
      const { cause, closeAt, moves, transitions } = Schema.encodeSync(CircuitReport.Explanation)(explained)
      expect(JSON.stringify({ closeAt, moves: moves.slice(-1), transitions, cause })).toBe(
        `{"closeAt":0.5,"moves":[{"ago":300,"outcome":"Failure","weight":1,"before":0.11217389865409666,"after":0}],"transitions":[{"ago":300,"from":"Closed","to":"Open","mode":"Automatic","reason":"","score":0,"openings":1,"generation":1,"openFor":500}],"cause":"open for 300 ms, because the score fell to 0.000 (Timeout)"}`
      )
      const change = explained.transitions[0]
      if (change === undefined) throw new Error("no transition")
      const { ago: _, ...rest } = change
      expect(
        Schema.encodeSync(Schema.parseJson(CircuitReport.Transition))({ ...rest, key, at: DateTime.unsafeMake(0) })
      ).toBe(
        `{"key":"users-api","at":"1970-01-01T00:00:00.000Z","from":"Closed","to":"Open","mode":"Automatic","reason":"","score":0,"openings":1,"generation":1,"openFor":500}`
      )
    }).pipe(Effect.provide(steady()))
  )
})

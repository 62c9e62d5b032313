// What arrives: a real SDK with exporters in memory, and a Prometheus endpoint that is scraped over HTTP.
import { createServer } from "node:http"
import { Metrics as OtelMetrics, Resource } from "@effect/opentelemetry"
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { it } from "@effect/vitest"
import { SpanKind, SpanStatusCode } from "@opentelemetry/api"
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus"
import { InMemoryLogRecordExporter, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs"
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader
} from "@opentelemetry/sdk-metrics"
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { CircuitBreaker, Classifier, HealthModel, Logging, Metrics, Tracing, Truce } from "@truce/effect3"
import { Effect, Fiber, Layer, TestClock } from "effect"
import { describe, expect } from "vitest"
import { minimum } from "./platform/Logs.ts"
import { labelled } from "./platform/Metrics.ts"
import { interrupted } from "./platform/Spans.ts"
import { answering, attempt, classify, failing, key, missing, scripted, steady } from "./support.ts"

const protect = Truce.protect({ key, classify })
const fragile = { model: HealthModel.consecutive({ failures: 2 }), retry: { base: "10 millis" } } as const

const advancing = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(self)
    yield* TestClock.adjust("1 second")
    return yield* Fiber.await(fiber)
  })

describe("metrics in an OpenTelemetry SDK", () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)

  it.scoped("arrive with their names, units, kinds and labels", () =>
    Effect.gen(function* () {
      // Flushed by hand: the interval never ends.
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 31 - 1 })
      yield* Layer.build(OtelMetrics.layer(() => reader).pipe(Layer.provide(Resource.layer({ serviceName: "shop" }))))
      yield* advancing(protect(scripted(Effect.delay(failing, "20 millis"), answering).effect))
      yield* TestClock.adjust("10 seconds")
      yield* Effect.promise(() => reader.forceFlush())
      const told = exporter.getMetrics().at(-1)
      expect(told?.resource.attributes["service.name"]).toBe("shop")
      const found = (name: string) => {
        const metric = told?.scopeMetrics[0]?.metrics.find(({ descriptor }) => descriptor.name === name)
        const points = metric?.dataPoints.filter(({ attributes }) => attributes["test"] === "sdk") ?? []
        return {
          kind: metric?.dataPointType,
          unit: metric?.descriptor.unit,
          points: points.map(({ attributes, value }) => ({
            attributes: Object.fromEntries(Object.entries(attributes).filter(([label]) => label !== "test")),
            value
          }))
        }
      }
      expect(found("truce.attempts")).toEqual({
        kind: DataPointType.SUM,
        unit: "1",
        points: [
          {
            attributes: {
              "truce.key": key,
              "truce.attempt.outcome": "Failure",
              "truce.attempt.saturated": "false",
              "error.type": "Timeout"
            },
            value: 1
          },
          {
            attributes: {
              "truce.key": key,
              "truce.attempt.outcome": "Success",
              "truce.attempt.saturated": "false"
            },
            value: 1
          }
        ]
      })
      expect(found("truce.call.duration")).toMatchObject({
        kind: DataPointType.HISTOGRAM,
        unit: "s",
        points: [{ attributes: { "truce.key": key, "truce.call.result": "success" }, value: { count: 1, sum: 0.03 } }]
      })
      expect(found("truce.amplification")).toMatchObject({ kind: DataPointType.GAUGE, points: [{ value: 2 }] })
      expect(found("truce.circuit.state").points).toContainEqual({
        attributes: { "truce.key": key, "truce.circuit.state": "Closed" },
        value: 1
      })
    }).pipe(Effect.provide(Metrics.layer().pipe(Layer.provideMerge(steady(fragile)))), labelled("sdk"))
  )
})

/** A real server of the exporter's own handler, on a free port. */
const scraped = Effect.gen(function* () {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true })
  const producer = yield* Effect.provide(OtelMetrics.makeProducer, Resource.layer({ serviceName: "shop" }))
  exporter.setMetricProducer(producer)
  const server = yield* Effect.acquireRelease(
    Effect.async<ReturnType<typeof createServer>>((resume) => {
      const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response))
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) =>
      Effect.async<void>((resume) => {
        server.closeAllConnections()
        server.close(() => resume(Effect.void))
      })
  )
  const address = server.address()
  if (address === null || typeof address === "string") return yield* Effect.dieMessage("no port")
  return yield* Effect.promise(() =>
    fetch(`http://127.0.0.1:${address.port}/metrics`).then((response) => response.text())
  )
})

describe("a Prometheus endpoint", () => {
  it.scoped("shows counters, gauges and histograms as text", () =>
    Effect.gen(function* () {
      yield* protect(answering)
      yield* advancing(protect(failing))
      yield* Effect.exit(protect(answering))
      const text = yield* scraped
      const lines = text.split("\n")
      const own = lines
        .filter((line) => line.includes('test="prometheus"'))
        .map((line) => line.replace(/test="prometheus",|,test="prometheus"/, ""))
      expect(lines).toContain("# TYPE truce_attempts_total counter")
      expect(lines).toContain("# TYPE truce_circuit_state gauge")
      expect(lines).toContain("# TYPE truce_call_duration histogram")
      expect(lines).toContain("# UNIT truce_call_duration s")
      expect(own).toContain(
        'truce_attempts_total{truce_key="users-api",truce_attempt_outcome="Failure",truce_attempt_saturated="false",error_type="Timeout"} 2'
      )
      expect(own).toContain('truce_calls_total{truce_key="users-api",truce_call_result="success"} 1')
      expect(own).toContain(
        'truce_calls_total{truce_key="users-api",truce_call_result="exhausted",truce_call_reason="circuit-open"} 1'
      )
      expect(own).toContain('truce_rejections_total{truce_key="users-api",truce_circuit_state="Open"} 1')
      expect(own).toContain('truce_retries_total{truce_key="users-api"} 1')
      expect(own).toContain('truce_circuit_state{truce_key="users-api",truce_circuit_state="Open"} 1')
      expect(own).toContain('truce_circuit_state{truce_key="users-api",truce_circuit_state="Closed"} 0')
      expect(own).toContain('truce_call_duration_count{unit="s",truce_key="users-api",truce_call_result="success"} 1')
      expect(own).toContain(
        'truce_call_duration_bucket{unit="s",truce_key="users-api",truce_call_result="success",le="0.005"} 1'
      )
    }).pipe(
      Effect.provide(Metrics.layer().pipe(Layer.provideMerge(steady({ ...fragile, circuit: { openFor: "1 hour" } })))),
      labelled("prometheus")
    )
  )

  it.scoped("is not broken by a key or an error that has quotes, backslashes and line feeds", () =>
    Effect.gen(function* () {
      const hostile = 'a"b\\c\nd} 1\ntruce_calls_total{x="y'
      const said = Effect.fail('no "such"\nhost')
      yield* Effect.exit(
        Truce.protect(said, { key: hostile, classify: Classifier.make<string>(() => true), retry: { attempts: 1 } })
      )
      const lines = (yield* scraped).split("\n")
      expect(lines.map((line) => line.replace(/test="hostile",|,test="hostile"/, ""))).toContain(
        String.raw`truce_attempts_total{truce_key="a\"b\\c\nd} 1\ntruce_calls_total{x=\"y",truce_attempt_outcome="Failure",truce_attempt_saturated="false",error_type="no \"such\"\nhost"} 1`
      )
      for (const line of lines) expect(line).toMatch(/^(#.*|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? \S+( \d+)?|)$/)
    }).pipe(Effect.provide(Metrics.layer().pipe(Layer.provideMerge(steady(fragile)))), labelled("hostile"))
  )
})

/** The spans that a real SDK exports while a program runs with the layer. */
const spans = <A, E>(
  body: Effect.Effect<A, E, Truce.Services>,
  tracing: Layer.Layer<never, never, Truce.Services> = Tracing.layer
) =>
  Effect.gen(function* () {
    const exporter = new InMemorySpanExporter()
    const sdk = NodeSdk.layer(() => ({
      resource: { serviceName: "shop" },
      spanProcessor: new SimpleSpanProcessor(exporter)
    }))
    return yield* Effect.zipRight(
      Effect.exit(body),
      Effect.sync(() => exporter.getFinishedSpans())
    ).pipe(Effect.provide(Layer.mergeAll(sdk, Layer.provideMerge(tracing, steady(fragile)))))
  })

const shown = (span: ReadableSpan | undefined) => ({
  name: span?.name,
  status: span?.status.code,
  attributes: span?.attributes,
  events: span?.events.filter(({ name }) => name === "truce.attempt").map(({ attributes }) => attributes)
})

const event = (number: number, outcome: string, more: { readonly [name: string]: unknown }) => ({
  "truce.key": key,
  "truce.attempt.number": number,
  "truce.attempt.outcome": outcome,
  "truce.attempt.duration_ms": 0,
  "truce.attempt.delay_ms": 0,
  "truce.circuit.state": "Closed",
  "truce.health.score": 1,
  ...more
})

describe("the span of a call in an OpenTelemetry SDK", () => {
  it.effect("has one event for a call that succeeds at once", () =>
    Effect.gen(function* () {
      const found = yield* spans(protect(answering))
      expect(found.map(shown)).toEqual([
        {
          name: "truce.call",
          status: SpanStatusCode.OK,
          attributes: {
            "truce.key": key,
            "truce.call.result": "success",
            "truce.call.attempts": 1,
            "truce.circuit.state": "Closed",
            "truce.health.score": 1
          },
          events: [event(0, "Success", {})]
        }
      ])
      expect(found[0]?.kind).toBe(SpanKind.INTERNAL)
    })
  )

  it.effect("fails with what its retries ended on, and has an event for each attempt", () =>
    Effect.gen(function* () {
      const [span, ...others] = yield* spans(advancing(protect(Effect.delay(failing, "5 millis"))))
      expect(others).toEqual([])
      expect(shown(span)).toEqual({
        name: "truce.call",
        status: SpanStatusCode.ERROR,
        attributes: {
          "truce.key": key,
          "truce.call.result": "exhausted",
          "truce.call.reason": "circuit-open",
          "truce.call.attempts": 2,
          "truce.circuit.state": "Open",
          "truce.health.score": 0,
          "error.type": "Timeout"
        },
        events: [
          event(0, "Failure", { "truce.attempt.duration_ms": 5, "truce.health.score": 0.5, "error.type": "Timeout" }),
          event(1, "Failure", {
            "truce.attempt.duration_ms": 5,
            "truce.attempt.delay_ms": 10,
            "truce.circuit.state": "Open",
            "truce.health.score": 0,
            "error.type": "Timeout"
          })
        ]
      })
      expect(span?.status.message).toContain("users-api")
    })
  )

  it.effect("shows a rejection: no attempt, the state, and when to come back", () =>
    Effect.gen(function* () {
      const [span] = yield* spans(
        Effect.zipRight(Effect.zipRight(attempt(failing), attempt(failing)), protect(answering))
      )
      expect(shown(span)).toMatchObject({
        status: SpanStatusCode.ERROR,
        attributes: {
          "truce.call.result": "rejected",
          "truce.call.attempts": 0,
          "truce.circuit.state": "Open",
          "truce.circuit.retry_after_ms": 500,
          "error.type": "CircuitOpen"
        },
        events: []
      })
      expect(span?.status.message).toBe("circuit users-api is open (Timeout), retry after 500 ms")
      const [isolated] = yield* spans(Effect.zipRight(CircuitBreaker.isolate(key, "migration"), protect(answering)))
      expect(isolated?.attributes).toMatchObject({ "truce.circuit.state": "Isolated" })
      expect(isolated?.attributes).not.toHaveProperty("truce.circuit.retry_after_ms")
    })
  )

  it.effect("tells permanent errors, defects and interruptions apart, each with its attempt", () =>
    Effect.gen(function* () {
      const end = (body: Effect.Effect<unknown, unknown, Truce.Services>) =>
        Effect.map(spans(body), ([span]) => [
          span?.attributes["truce.call.result"],
          span?.attributes["error.type"],
          span?.status.code,
          span?.events
            .filter(({ name }) => name === "truce.attempt")
            .map(({ attributes }) => attributes?.["truce.attempt.outcome"])
        ])
      expect(yield* end(protect(missing))).toEqual(["permanent", "NotFound", SpanStatusCode.ERROR, ["Answered"]])
      expect(yield* end(protect(Effect.die(new TypeError("bug"))))).toEqual([
        "defect",
        "TypeError",
        SpanStatusCode.ERROR,
        ["Failure"]
      ])
      const late = Effect.timeoutOption(protect(Effect.never), "100 millis")
      expect(yield* end(advancing(late))).toEqual(["interrupted", undefined, interrupted, ["Ignored"]])
    })
  )

  it.effect("shows how long a call waited for its admission", () =>
    Effect.gen(function* () {
      const waiting = Truce.protect(answering, { key, classify, retry: { whenOpen: "wait", deadline: "10 seconds" } })
      const [span] = yield* spans(
        Effect.zipRight(Effect.zipRight(attempt(failing), attempt(failing)), advancing(waiting))
      )
      expect(shown(span)).toMatchObject({
        attributes: { "truce.call.result": "success", "truce.call.attempts": 1, "truce.circuit.state": "HalfOpen" },
        events: [{ "truce.attempt.number": 0, "truce.attempt.delay_ms": 500 }]
      })
    })
  )

  it.effect("is the parent of what an attempt does, and the child of what is around the call", () =>
    Effect.gen(function* () {
      const found = yield* spans(protect(Effect.withSpan(answering, "GET")).pipe(Effect.withSpan("handler")))
      const named = (name: string) => found.find((span) => span.name === name)
      expect(found.map(({ name }) => name)).toEqual(["GET", "truce.call", "handler"])
      expect(named("GET")?.parentSpanContext?.spanId).toBe(named("truce.call")?.spanContext().spanId)
      expect(named("truce.call")?.parentSpanContext?.spanId).toBe(named("handler")?.spanContext().spanId)
      expect(named("handler")?.events).toEqual([])
    })
  )

  it.effect("a call inside a call has its own span, and each its own attempts only", () =>
    Effect.gen(function* () {
      const inner = Truce.protect(scripted(failing, answering).effect, { key: "inner", classify })
      const outer = Truce.protect(Effect.orDie(inner), { key: "outer", classify })
      const found = yield* spans(advancing(outer))
      expect(
        found.map(({ attributes, events }) => [
          attributes["truce.key"],
          events.map(({ attributes }) => attributes?.["truce.key"])
        ])
      ).toEqual([
        ["inner", ["inner", "inner"]],
        ["outer", ["outer"]]
      ])
    })
  )

  it.effect("is not there without the layer: the attempts go to the span around the call", () =>
    Effect.gen(function* () {
      const call = Effect.withSpan(protect(scripted(failing, answering).effect), "handler")
      const [span, ...others] = yield* spans(advancing(call), Layer.empty)
      expect(others).toEqual([])
      expect(span?.name).toBe("handler")
      expect(span?.events.map(({ attributes }) => attributes?.["truce.attempt.outcome"])).toEqual([
        "Failure",
        "Success"
      ])
    })
  )

  it.effect("is made no more once the layer is released", () =>
    Effect.gen(function* () {
      const found = yield* spans(
        Effect.gen(function* () {
          yield* protect(answering).pipe(Effect.provide(Tracing.layer))
          yield* protect(answering)
        }),
        Layer.empty
      )
      expect(found.map(({ name }) => name)).toEqual(["truce.call"])
    })
  )

  it.live("has no event from before its start", () =>
    Effect.gen(function* () {
      const [span] = yield* spans(protect(answering))
      const [second = NaN, nanos = NaN] = span?.startTime ?? []
      const [eventSecond = NaN, eventNanos = NaN] = span?.events[0]?.time ?? []
      expect((eventSecond - second) * 1e9 + eventNanos - nanos).toBeGreaterThanOrEqual(0)
    })
  )
})

describe("logs in an OpenTelemetry SDK", () => {
  it.effect("arrive with severity and attributes, one for a transition", () =>
    Effect.gen(function* () {
      const exporter = new InMemoryLogRecordExporter()
      const sdk = NodeSdk.layer(() => ({
        resource: { serviceName: "shop" },
        logRecordProcessor: new SimpleLogRecordProcessor({ exporter })
      }))
      const layer = Logging.layer.pipe(
        Layer.provideMerge(steady(fragile)),
        Layer.provide(Layer.merge(sdk, minimum("INFO")))
      )
      yield* Effect.provide(
        Effect.gen(function* () {
          yield* attempt(failing)
          yield* attempt(failing)
          yield* attempt(answering)
          const records = exporter.getFinishedLogRecords()
          expect(
            records.map(({ attributes, body, severityText }) => [
              severityText?.toUpperCase(),
              body,
              attributes["truce.circuit.to"]
            ])
          ).toEqual([["WARN", "circuit users-api: Closed -> Open, score 0.000, next probe in 500 ms", "Open"]])
        }),
        layer
      )
    })
  )
})

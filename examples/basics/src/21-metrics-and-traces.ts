// Operations: metrics on a Prometheus endpoint, a span for each call, a log line for each change of a circuit.
import assert from "node:assert/strict"
import { createServer } from "node:http"
import { Metrics as OtelMetrics, NodeSdk, Resource } from "@effect/opentelemetry"
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus"
import { InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Classifier, HealthModel, Logging, Metrics, Tracing, Truce } from "@truce/effect3"
import { Data, Effect, Layer, Logger } from "effect"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const call = (self: Effect.Effect<string, Timeout>) =>
  Effect.exit(Truce.protect(self, { key: "users-api", classify, retry: { base: "10 millis" } }))

const program = Effect.gen(function* () {
  yield* call(Effect.succeed("Ada"))
  yield* call(Effect.fail(new Timeout())) // two attempts open the circuit
  yield* call(Effect.succeed("Ada")) // rejected
})

/** The text that a Prometheus server would read. The exporter has a server of its own; this one takes any free port. */
const scrape = Effect.gen(function* () {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true, withoutTargetInfo: true })
  exporter.setMetricProducer(yield* Effect.provide(OtelMetrics.makeProducer, Resource.layer({ serviceName: "shop" })))
  const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response))
  yield* Effect.async<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void)))
  yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
  const address = server.address()
  const port = typeof address === "object" ? address?.port : undefined
  return yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text()))
}).pipe(Effect.scoped)

const spans = new InMemorySpanExporter()
const sdk = NodeSdk.layer(() => ({
  resource: { serviceName: "shop" },
  spanProcessor: new SimpleSpanProcessor(spans)
}))
const lines: Array<string> = []
const logger = Logger.replace(
  Logger.defaultLogger,
  Logger.make(({ message }) => void lines.push(String(message)))
)
const observed = Layer.mergeAll(Metrics.layer({ keys: ["users-*"] }), Tracing.layer, Logging.layer).pipe(
  Layer.provideMerge(
    Truce.layer({ model: HealthModel.consecutive({ failures: 2 }), circuit: { openFor: "2 seconds", openJitter: 0 } })
  ),
  Layer.provideMerge(Layer.merge(sdk, logger))
)

await Effect.runPromise(
  Effect.gen(function* () {
    yield* program
    const text = yield* scrape
    const own = text.split("\n").filter((line) => /^truce_(calls|rejections|circuit_state)/.test(line))
    const found = spans
      .getFinishedSpans()
      .map(({ attributes, events }) => [
        attributes["truce.call.result"],
        events.filter(({ name }) => name === "truce.attempt").length
      ])
    console.log([...own, ...lines].join("\n"))

    assert.ok(own.includes('truce_calls_total{truce_key="users-api",truce_call_result="success"} 1'))
    assert.ok(own.includes('truce_rejections_total{truce_key="users-api",truce_circuit_state="Open"} 1'))
    assert.ok(own.includes('truce_circuit_state{truce_key="users-api",truce_circuit_state="Open"} 1'))
    assert.deepEqual(found, [
      ["success", 1],
      ["exhausted", 2],
      ["rejected", 0]
    ])
    assert.deepEqual(lines, ["circuit users-api: Closed -> Open, score 0.000, next probe in 2 s"])
  }).pipe(Effect.provide(observed))
)

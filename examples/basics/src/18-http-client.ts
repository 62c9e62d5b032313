// An HTTP client under protection: a real server that is busy, breaks connections and does not know everybody.
import assert from "node:assert/strict"
import { createServer } from "node:http"
import { HttpClient, HttpClientRequest, HttpServer } from "@effect/platform"
import { NodeHttpClient, NodeHttpServer } from "@effect/platform-node"
import { HealthScore, Truce } from "@truce/effect3"
import { withTruce } from "@truce/effect3/HttpClient"
import { Duration, Effect } from "effect"

const log: Array<string> = []
let busy = 2
const server = createServer((request, response) => {
  log.push(`${request.method} ${request.url} attempt ${String(request.headers["x-attempt"])}`)
  if (request.url === "/users/busy" && busy-- > 0) return response.writeHead(503, { "retry-after": "0" }).end("busy")
  if (request.url === "/users/broken") return request.socket.destroy()
  if (request.url === "/payments") return response.writeHead(500).end()
  return request.url === "/users/nobody" ? response.writeHead(404).end() : response.end("Ada")
})

const program = Effect.gen(function* () {
  const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
  const users = (yield* HttpClient.HttpClient).pipe(
    HttpClient.mapRequest(HttpClientRequest.prependUrl(url)),
    withTruce({ attemptTimeout: "2 seconds", headers: { budget: false } })
  )

  // each error once; a 404 is an answer
  const status = (request: HttpClientRequest.HttpClientRequest) =>
    users.execute(request).pipe(
      Effect.map((response) => String(response.status)),
      Effect.catchTags({
        CircuitOpen: (error) => Effect.succeed(`open for ${Duration.format(error.retryAfter)}`),
        RetryExhausted: ({ attempts }) => Effect.succeed(`given up after ${attempts.length}`)
      })
    )

  const payment = HttpClientRequest.post("/payments")
  const answers = [
    yield* status(HttpClientRequest.get("/users/busy")),
    yield* status(HttpClientRequest.get("/users/nobody")),
    yield* status(HttpClientRequest.get("/users/broken")),
    yield* status(payment), // sent once: nobody knows whether the money has moved
    yield* status(HttpClientRequest.setHeader(payment, "Idempotency-Key", "0f8f"))
  ]
  const { strain } = yield* HealthScore.get(url)
  return { answers, strain }
})

const truce = Truce.layer({ retry: { base: "10 millis" } })
const { answers, strain } = await Effect.runPromise(
  Effect.provide(program, [
    truce,
    NodeHttpClient.layerUndici,
    NodeHttpServer.layerServer(() => server, { host: "127.0.0.1", port: 0 })
  ])
)
console.log(log.join("\n"))
console.log(answers.join(", "), `strain ${strain.toFixed(2)}`)

assert.deepEqual(answers, ["200", "404", "given up after 3", "given up after 1", "given up after 3"])
assert.deepEqual(
  log.filter((line) => line.startsWith("POST")),
  ["POST /payments attempt 0", "POST /payments attempt 0", "POST /payments attempt 1", "POST /payments attempt 2"]
)

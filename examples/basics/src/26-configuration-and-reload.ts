// A policy in a file, with other rules for some keys; the file is watched, and a change is in force from the next admission on.
import assert from "node:assert/strict"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { CircuitBreaker, Classifier, Policy } from "@truce/effect3"
import { Data, Effect, Layer, Logger, Queue, Schema, Stream } from "effect"
import { parse } from "yaml"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const file = join(mkdtempSync(join(tmpdir(), "policy-")), "policy.yaml")

const first = `
model: { type: consecutive, failures: 5 }
circuit: { openFor: 1 minute }
overrides:
  payments-*:
    circuit: { permits: 2 }
`

const read = Effect.flatMap(FileSystem.FileSystem, (files) => Effect.map(files.readFileString(file), parse))

// What the file says when it changes. An editor may write in two steps: text that is no policy is only a warning.
const changes = Stream.unwrap(
  Effect.map(FileSystem.FileSystem, (files) =>
    files.watch(file).pipe(
      Stream.debounce("20 millis"),
      Stream.mapEffect(() => Effect.orElseSucceed(read, () => "a file that cannot be read"))
    )
  )
)

const program = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  yield* files.writeFileString(file, first)
  const logged = yield* Queue.unbounded<string>()
  const logger = Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ message }) => Queue.unsafeOffer(logged, String(message)))
  )
  const policy = yield* Effect.flatMap(read, Policy.decode)
  const live = Policy.follow(changes).pipe(Layer.provideMerge(Policy.layer(policy)), Layer.provideMerge(logger))

  const failing = Effect.fail(new Timeout()).pipe(
    CircuitBreaker.execute({ key: "payments-visa", classify }),
    Effect.ignore
  )
  const score = Effect.map(CircuitBreaker.state("payments-visa"), (state) => state.score)
  // The watch begins with the layer; what is written before it is not seen, so the change is written until it is told of.
  // A slow machine may tell of one change twice: what is not the answer awaited is passed over.
  const change = (text: string, answer: string) =>
    files
      .writeFileString(file, text)
      .pipe(
        Effect.delay("50 millis"),
        Effect.forever,
        Effect.race(Effect.repeat(Queue.take(logged), { until: (line) => line.startsWith(answer) }))
      )

  return yield* Effect.gen(function* () {
    yield* Effect.repeatN(failing, 1)
    const before = yield* score
    const wrong = yield* change("circuit: { permits: 0 }", "A new policy is not in force")
    const kept = (yield* CircuitBreaker.state("payments-visa")).permits
    const right = yield* change(
      "model: { type: consecutive, failures: 4 }\ncircuit: { permits: 3 }",
      "A new policy is in force"
    )
    return { before, wrong, kept, right, after: yield* score, state: yield* CircuitBreaker.state("users-api") }
  }).pipe(Effect.provide(live))
})

const result = await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeContext.layer)))
console.log(result.wrong)
console.log(result.right)

assert.equal(result.before, 0.6)
assert.equal(result.wrong, "A new policy is not in force: circuit.permits: must be a whole number of at least 1, got 0")
assert.equal(result.kept, 2)
assert.equal(result.right, "A new policy is in force.")
// Nothing is lost: two failures in a row are two of four now.
assert.equal(result.after, 0.5)
assert.equal(result.state.permits, 3)

// The same policy is a schema: a part of your own configuration, and a JSON schema for an editor.
const Configuration = Schema.Struct({ port: Schema.Number, truce: Policy.Policy })
const decoded = Schema.decodeUnknownOption(Configuration)({ port: 80, truce: { retry: { attempts: 0 } } })
assert.equal(decoded._tag, "None")

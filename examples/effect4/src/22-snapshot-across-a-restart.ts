// A restart that forgets nothing: circuits are kept in files and restored when the next process builds the layer.
import assert from "node:assert/strict"
import { NodeServices } from "@effect/platform-node"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect4"
import * as Snapshots from "@truce/effect4/Snapshots"
import { Data, Effect, FileSystem, Layer, Logger } from "effect"
import { KeyValueStore } from "effect/persistence"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })

const attempt = Effect.fail(new Timeout()).pipe(CircuitBreaker.execute({ key: "users-api", classify }))

const warnings: Array<string> = []
const logger = Logger.layer([Logger.make(({ message }) => void warnings.push(String(message)))])

/** What one process runs: its layers are built when it starts and closed when it ends. */
const process = <A, E>(directory: string, self: Effect.Effect<A, E, Truce.Services | Snapshots.Snapshots>) =>
  Effect.provide(
    self,
    Snapshots.layer({ every: "5 seconds", maxAge: "1 hour" }).pipe(
      Layer.provideMerge(Truce.layer({ circuit: { openFor: "30 seconds" } })),
      Layer.provide(KeyValueStore.layerFileSystem(directory)),
      Layer.provide(logger)
    )
  )

const first = Effect.gen(function* () {
  yield* Effect.repeat(Effect.ignore(attempt), { times: 5 })
  yield* CircuitBreaker.isolate("billing", "migration until noon")
})
const second = Effect.gen(function* () {
  const restored = yield* Snapshots.restored
  const rejected = yield* Effect.flip(attempt)
  const billing = yield* CircuitBreaker.state("billing")
  return { restored: restored._tag, rejected: rejected._tag, billing: billing.mode.reason }
})

const program = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const directory = yield* files.makeTempDirectoryScoped()
  yield* process(directory, first)
  const after = yield* process(directory, second)

  // What a full disk, or a crash in the midst of a write, can leave behind.
  for (const name of yield* files.readDirectory(directory))
    yield* files.writeFileString(`${directory}/${name}`, `{"vers`)
  const afterDamage = yield* process(directory, Snapshots.restored)
  return { after, afterDamage }
})

const { after, afterDamage } = await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
console.log(`after a restart: ${after.rejected}, billing isolated for "${after.billing}"`)
for (const warning of warnings) console.log(`after damage: ${warning}`)

assert.deepEqual(after, { restored: "Restored", rejected: "CircuitOpen", billing: "migration until noon" })
assert.deepEqual(afterDamage, { _tag: "Clean", reason: "corrupt" })
assert.equal(warnings.at(-1), "no circuit was restored from circuits: all circuits start clean")

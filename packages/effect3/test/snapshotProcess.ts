// A process of a user's, for SnapshotsOnDisk.test.ts: node snapshotProcess.ts <directory> <what>; one line out for each step.
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { CircuitBreaker, Classifier, Truce } from "@truce/effect3"
import * as Snapshots from "@truce/effect3/Snapshots"
import { Console, Data, Effect, Layer } from "effect"
import { truncateSync } from "node:fs"
import { join } from "node:path"
import { files } from "./platform/Nodes.ts"

class Timeout extends Data.TaggedError("Timeout")<{}> {}
const classify = Classifier.tags<Timeout>()({ Timeout: "retriable" })
const key = "users-api"
const attempt = Effect.exit(CircuitBreaker.execute(Effect.fail(new Timeout()), { key, classify }))
const trip = Effect.repeatN(attempt, 5)

const [directory = "", what = ""] = process.argv.slice(2)

/** Tells when a record is on disk; the second one of `torn` is cut off there, as by a crash in the midst of its write. */
const store = Layer.effect(
  KeyValueStore.KeyValueStore,
  Effect.map(KeyValueStore.KeyValueStore, (disk) => {
    let writes = 0
    return {
      ...disk,
      set: (name: string, value: string | Uint8Array) =>
        Effect.tap(disk.set(name, value), () => {
          writes++
          if (what === "torn" && writes === 2) {
            truncateSync(join(directory, name), 100)
            process.kill(process.pid, "SIGKILL")
          }
          return Console.log("saved")
        })
    }
  })
).pipe(Layer.provide(KeyValueStore.layerFileSystem(directory)), Layer.provide(files))

const programs: {
  readonly [what: string]: Effect.Effect<unknown, never, CircuitBreaker.CircuitBreaker | Snapshots.Snapshots>
} = {
  trip: Effect.zipRight(trip, Effect.never),
  torn: Effect.all([trip, Effect.ignore(Snapshots.save), Effect.ignore(Snapshots.save), Effect.never]),
  fail: Effect.zipRight(attempt, Effect.zipRight(Console.log("failed"), Effect.never)),
  read: Effect.flatMap(
    Effect.all([Snapshots.restored, CircuitBreaker.state(key)]),
    ([restored, { openings, status }]) => Console.log(JSON.stringify([restored._tag, status, openings]))
  )
}

NodeRuntime.runMain(
  Effect.provide(
    programs[what] ?? Effect.dieMessage("no program"),
    Snapshots.layer({ every: "1 hour" }).pipe(
      // Slow enough that the process that reads finds it open.
      Layer.provideMerge(Truce.layer({ circuit: { openFor: "1 hour" } })),
      Layer.provide(store)
    )
  )
)

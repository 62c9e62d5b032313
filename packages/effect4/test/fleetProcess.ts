// A process of a fleet, for fleetSupport.ts: told what to do, and telling what happens, over the channel to its parent.
import { NodeRedis } from "@effect/platform-node"
import { CircuitBreaker, Classifier, EventLog, Truce } from "@truce/effect4"
import * as Fleet from "@truce/effect4/Fleet"
import * as Redis from "@truce/effect4/Redis"
import { Data, Effect, Layer, Logger, Queue, Random } from "effect"
import { connect } from "node:net"
import type { Command, Start, Told } from "./fleetMessages.ts"

class Refused extends Data.TaggedError("Refused")<{}> {}
const classify = Classifier.tags<Refused>()({ Refused: "retriable" })

const start: Start = JSON.parse(process.argv[2] ?? "{}")
const { key } = start

const tell = (told: Told): void => {
  process.send?.(told)
}
const wall = () => performance.timeOrigin + performance.now()

let isBad = false

/** Says who it is, and reads one word. */
const attempt = Effect.callback<string, Refused>((resume) => {
  if (isBad) return resume(Effect.fail(new Refused()))
  const socket = connect(start.target, "127.0.0.1")
  socket.setNoDelay(true)
  let answer = ""
  socket.setEncoding("utf8")
  socket.on("connect", () => socket.write(`${start.name}\n`))
  socket.on("data", (text: string) => {
    answer += text
  })
  socket.on("error", () => resume(Effect.fail(new Refused())))
  socket.on("close", () => resume(answer === "yes" ? Effect.succeed(answer) : Effect.fail(new Refused())))
  return Effect.sync(() => socket.destroy())
})
const call = Effect.exit(Truce.protect(attempt, { key, classify }))
const once = Effect.exit(CircuitBreaker.execute(attempt, { key, classify }))

/** Tells of transitions and probes, and of what must not be: an attempt that is no probe although the circuit is known to be open. */
const watching = Effect.suspend(() => {
  let status: string = "Closed"
  const probes = new Set<number>()
  return EventLog.observe((event) => {
    if (event._tag === "Transitioned") {
      status = event.to
      tell({ _tag: "Moved", to: event.to, at: wall() })
    } else if (event._tag === "Admitted") {
      if (event.probe) {
        probes.add(event.attempt)
        tell({ _tag: "Probe", id: event.attempt, at: wall(), isEnd: false })
      } else if (status !== "Closed") tell({ _tag: "Wrong", what: `admitted while ${status}` })
    } else if (event._tag === "Settled" && probes.delete(event.attempt)) {
      tell({ _tag: "Probe", id: event.attempt, at: wall(), isEnd: true })
    }
  })
})

const program = Effect.gen(function* () {
  yield* watching
  const commands = yield* Queue.unbounded<Command>()
  process.on("message", (command: Command) => Queue.offerUnsafe(commands, command))
  let perSecond = 0
  yield* Effect.forkScoped(
    Effect.forever(
      Effect.suspend(() =>
        perSecond === 0
          ? Effect.sleep(5)
          : Effect.flatMap(Random.next, (u) =>
              Effect.andThen(Effect.sleep((-Math.log(1 - u) * 1_000) / perSecond), Effect.forkChild(call))
            )
      )
    )
  )
  tell({ _tag: "Answer", id: 0, value: "ready" })
  while (true) {
    const command = yield* Queue.take(commands)
    switch (command._tag) {
      case "Rate":
        perSecond = command.perSecond
        break
      case "Bad":
        isBad = command.isBad
        break
      case "Stop":
        return
      case "Attempt":
        yield* Effect.forkChild(
          Effect.map(once, (exit) =>
            tell({ _tag: "Answer", id: command.id, value: exit._tag === "Success" ? "yes" : "no" })
          )
        )
        break
      case "State": {
        const { openings, score, status } = yield* CircuitBreaker.state(key)
        const condition = yield* Fleet.condition
        tell({ _tag: "Answer", id: command.id, value: { status, score, openings, condition } })
        break
      }
    }
  }
}).pipe(
  Effect.scoped,
  Effect.provide(
    Redis.layer({ prefix: start.prefix, process: start.name, ...start.fleet }).pipe(
      Layer.provide(
        Redis.layerClient(
          NodeRedis.layer({
            url: start.redis,
            disableOfflineQueue: true,
            pingInterval: 1_000,
            socket: { socketTimeout: 5_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, 1_000) }
          })
        )
      ),
      Layer.provideMerge(Truce.layer({ circuit: start.circuit ?? {} })),
      Layer.provide(
        Logger.layer([
          Logger.make(({ logLevel, message }) => {
            const text = Array.isArray(message) ? message.join(" ") : String(message)
            // The client tells of each connection it has lost or tried.
            if (!text.startsWith("NodeRedis")) tell({ _tag: "Log", level: logLevel, text })
          })
        ])
      )
    )
  ),
  Effect.ensuring(Effect.sync(() => process.disconnect?.()))
)

// Who has no parent any more has nothing to do.
process.on("disconnect", () => process.exit())

Effect.runFork(program)

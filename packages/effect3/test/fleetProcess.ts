// A process of a fleet, for fleetSupport.ts: told what to do, and telling what happens, over the channel to its parent.
import { CircuitBreaker, Classifier, EventLog, Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import { Clock, Data, Effect, Layer, Queue, Random } from "effect"
import { connect } from "node:net"
import type { Command, Start, Told } from "./fleetMessages.ts"
import { clockOf, timesOf, withClock } from "./platform/Clocks.ts"
import { telling } from "./platform/Logs.ts"
import { fleetAt } from "./platform/RedisFleet.ts"

class Refused extends Data.TaggedError("Refused")<{}> {}
const classify = Classifier.tags<Refused>()({ Refused: "retriable" })

const start: Start = JSON.parse(process.argv[2] ?? "{}")
const { key } = start

const tell = (told: Told): void => {
  process.send?.(told)
}
/** The machine's time, whatever the clock of the program says. */
const wall = () => performance.timeOrigin + performance.now()

/** Clocks of this process that are off, both by as much. */
const skewed = (clock: Clock.Clock, millis: number): Clock.Clock => {
  const { monotonicNanos, sleep, wallMillis } = timesOf(clock)
  return clockOf({
    wallMillis: () => wallMillis() + millis,
    monotonicNanos: () => monotonicNanos() + BigInt(millis) * 1_000_000n,
    sleep
  })
}

let isBad = false

/** Says who it is, and reads one word. */
const attempt = Effect.async<string, Refused>((resume) => {
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
  return EventLog.subscribe((event) => {
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
  process.on("message", (command: Command) => Effect.runSync(Queue.offer(commands, command)))
  let perSecond = 0
  yield* Effect.forkScoped(
    Effect.forever(
      Effect.suspend(() =>
        perSecond === 0
          ? Effect.sleep(5)
          : Effect.flatMap(Random.next, (u) =>
              Effect.zipRight(Effect.sleep((-Math.log(1 - u) * 1_000) / perSecond), Effect.fork(call))
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
        yield* Effect.fork(
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
    fleetAt(start.redis, { prefix: start.prefix, process: start.name, ...start.fleet }).pipe(
      Layer.provideMerge(Truce.layer({ circuit: start.circuit ?? {} })),
      Layer.provideMerge(telling(({ level, message }) => tell({ _tag: "Log", level, text: message })))
    )
  ),
  Effect.ensuring(Effect.sync(() => process.disconnect?.()))
)

// Who has no parent any more has nothing to do.
process.on("disconnect", () => process.exit())

Effect.runFork(Clock.clockWith((clock) => withClock(skewed(clock, start.skewMillis ?? 0))(program)))

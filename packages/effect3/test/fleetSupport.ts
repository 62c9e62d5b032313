// Real processes, a real Redis and real sockets.
import { it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { fork, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import * as Net from "node:net"
import { bundled } from "./bundled.ts"
import type { Command, Known, Start, Told } from "./fleetMessages.ts"
import { answers, connected } from "./platform/Looking.ts"

const fleetProcess = new URL("fleetProcess.ts", import.meta.url)

const polled = <A, E, R>(look: Effect.Effect<A | undefined, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(look, (found) =>
    found === undefined ? Effect.zipRight(Effect.sleep(10), polled(look)) : Effect.succeed(found)
  )

/** Waits until something is so; what never becomes so ends with the time of the test, which then says what that was. */
export const until = <A, E, R>(what: string, look: Effect.Effect<A | undefined, E, R>): Effect.Effect<A, E, R> =>
  Effect.onInterrupt(polled(look), () => Effect.sync(() => console.error(`never came: ${what}`)))

export const holds = (what: string, is: () => boolean): Effect.Effect<void> =>
  Effect.asVoid(
    until(
      what,
      Effect.sync(() => (is() ? true : undefined))
    )
  )

const listening = (server: Net.Server) =>
  Effect.async<number>((resume) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

const closing = (server: Net.Server, sockets: ReadonlySet<Net.Socket>) =>
  Effect.async<void>((resume) => {
    server.close(() => resume(Effect.void))
    for (const socket of sockets) socket.destroy()
  })

const served = (onSocket: (socket: Net.Socket) => void) =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const sockets = new Set<Net.Socket>()
      const server = Net.createServer((socket) => {
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
        socket.on("error", () => undefined)
        onSocket(socket)
      })
      return Effect.map(listening(server), (port) => ({ port, server, sockets }))
    }),
    ({ server, sockets }) => closing(server, sockets)
  )

/** What the attempts of all processes ask: it says yes or no, or nothing, and knows who asked. */
export const target = Effect.gen(function* () {
  const asked: Array<{ readonly name: string; readonly at: number }> = []
  const held: Array<{ readonly name: string; readonly answer: (word: string) => void }> = []
  let mode: "yes" | "no" | "hold" = "yes"
  const { port } = yield* served((socket) => {
    let line = ""
    socket.setEncoding("utf8").on("data", (text: string) => {
      line += text
      if (!line.endsWith("\n")) return
      const name = line.trim()
      asked.push({ name, at: performance.timeOrigin + performance.now() })
      if (mode === "hold") held.push({ name, answer: (word) => socket.end(word) })
      else socket.end(mode)
    })
  })
  return {
    port,
    asked,
    held,
    become: (next: typeof mode) => {
      mode = next
    }
  }
})

/** A way to Redis on which everything can be made to stand still. */
export const proxy = (to: string) =>
  Effect.gen(function* () {
    const { hostname, port: redisPort } = new URL(to)
    let isStalled = false
    const ends = new Set<Net.Socket>()
    const { port } = yield* served((socket) => {
      const other = Net.connect(Number(redisPort || 6_379), hostname)
      other.on("error", () => socket.destroy())
      socket.on("close", () => other.destroy())
      other.on("close", () => socket.destroy())
      socket.pipe(other)
      other.pipe(socket)
      for (const end of [socket, other]) {
        ends.add(end)
        end.on("close", () => ends.delete(end))
        if (isStalled) end.pause()
      }
    })
    return {
      url: `redis://127.0.0.1:${port}`,
      stall: (is: boolean) => {
        isStalled = is
        for (const end of ends) {
          if (is) end.pause()
          else end.resume()
        }
      }
    }
  })

const freePort = Effect.scoped(
  Effect.map(
    served(() => undefined),
    ({ port }) => port
  )
)

const binary = (process.env.PATH ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "redis-server"))
  .find((file) => existsSync(file))

/** A Redis of the test's own, which it may kill; `undefined` where the program is not installed. */
export const ownRedis =
  binary === undefined
    ? undefined
    : Effect.gen(function* () {
        const port = yield* freePort
        const url = `redis://127.0.0.1:${port}`
        const launched = () =>
          spawn(binary, ["--port", String(port), "--save", "", "--appendonly", "no"], { stdio: "ignore" })
        let server = launched()
        yield* Effect.addFinalizer(() => Effect.sync(() => server.kill("SIGKILL")))
        const ready = until(
          "Redis answers",
          Effect.promise(async () => ((await answers(url)) ? true : undefined))
        )
        yield* ready
        return {
          url,
          kill: Effect.async<void>((resume) => {
            server.on("close", () => resume(Effect.void))
            server.kill("SIGKILL")
          }),
          restart: Effect.suspend(() => {
            server = launched()
            return ready
          })
        }
      })

/** The Redis that tests may share: the one at `REDIS_URL`, which must be there, or one on the default port. */
const given = process.env.REDIS_URL
const shared = given ?? "redis://127.0.0.1:6379"
const isShared = await answers(shared)
if (given !== undefined && !isShared) throw new Error(`no Redis answers at REDIS_URL, ${given}`)

/** Where Redis is for a test: a shared one, else one of its own. */
export const anyRedis = isShared ? Effect.succeed({ url: shared }) : ownRedis

const toGet = isShared
  ? "they stop and change a Redis of their own, and no redis-server is in the PATH; install it"
  : "there is no Redis; set REDIS_URL, start one on port 6379, or install redis-server"

/** A test on a Redis, skipped where there is none. */
export const test = <A>(
  name: string,
  redis: Effect.Effect<A, never, Scope.Scope> | undefined,
  body: (redis: A) => Effect.Effect<void, unknown, Scope.Scope>
): void =>
  redis === undefined
    ? it(name, ({ skip, task }) => {
        task.meta.skippedFor = toGet
        skip()
      })
    : it.scopedLive(name, () => Effect.orDie(Effect.flatMap(redis, body)))

/** A client for looking at what is stored; what begins with the prefix is gone in the end. */
export const looking = (url: string, prefix: string) =>
  Effect.acquireRelease(
    Effect.promise(() => connected(url)),
    (client) =>
      Effect.promise(async () => {
        const keys = client.isUp() ? await client.send("KEYS", `${prefix}*`).catch(() => []) : []
        if (Array.isArray(keys) && keys.length > 0) await client.send("DEL", ...keys.map(String)).catch(() => 0)
        client.close()
      })
  )

let prefixes = 0
export const freshPrefix = () => `truce-test-${process.pid}-${++prefixes}:`

export type Worker = Effect.Effect.Success<ReturnType<typeof worker>>

/** Another process; it has built its layers when this ends. */
export const worker = (start: Start, source: URL) =>
  Effect.gen(function* () {
    const program = yield* bundled(source)
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => fork(program, [JSON.stringify(start)], { stdio: ["ignore", "ignore", "inherit", "ipc"] })),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const told: Array<Told> = []
    const answers = new Map<number, (value: string | Known) => void>()
    let last = 0
    let status = "Closed"
    child.on("message", (message: Told) => {
      told.push(message)
      if (message._tag === "Moved") status = message.to
      if (message._tag === "Answer") answers.get(message.id)?.(message.value)
    })
    const ended = new Promise<void>((resolve) => child.on("close", () => resolve()))
    const send = (command: Command) => Effect.sync(() => void child.send(command))
    const asked = (command: (id: number) => Command) =>
      Effect.async<string | Known>((resume) => {
        const id = ++last
        answers.set(id, (value) => resume(Effect.succeed(value)))
        child.send(command(id))
      })
    yield* Effect.async<void>((resume) => {
      answers.set(0, () => resume(Effect.void))
      void ended.then(() => resume(Effect.dieMessage(`${start.name} ended before it was ready`)))
    })
    const of = <Tag extends Told["_tag"]>(tag: Tag) =>
      told.filter((message): message is Extract<Told, { readonly _tag: Tag }> => message._tag === tag)
    return {
      name: start.name,
      of,
      status: () => status,
      rate: (perSecond: number) => send({ _tag: "Rate", perSecond }),
      bad: (isBad: boolean) => send({ _tag: "Bad", isBad }),
      attempt: asked((id) => ({ _tag: "Attempt", id })),
      state: Effect.map(
        asked((id) => ({ _tag: "State", id })),
        (value) => {
          if (typeof value === "string") throw new Error(value)
          return value
        }
      ),
      stop: Effect.zipRight(
        send({ _tag: "Stop" }),
        Effect.promise(() => ended)
      ),
      kill: Effect.suspend(() => {
        child.kill("SIGKILL")
        return Effect.promise(() => ended)
      })
    }
  })

/** Probes of all processes as intervals in time, those that have not ended without an end. */
export const probesOf = (workers: ReadonlyArray<Worker>) =>
  workers
    .flatMap(({ name, of }) =>
      of("Probe")
        .filter(({ isEnd }) => !isEnd)
        .map(({ at, id }) => ({
          name,
          at,
          end: of("Probe").find((other) => other.isEnd && other.id === id)?.at
        }))
    )
    .sort((a, b) => a.at - b.at)

/** How many probes began while another was under way. */
export const overlapping = (workers: ReadonlyArray<Worker>): number => {
  const probes = probesOf(workers)
  return probes.filter(({ at }, i) => probes.slice(0, i).some(({ end }) => end === undefined || end > at)).length
}

/** Shorter open times than the defaults, for tests that go through several. */
export const shortly: NonNullable<Start["circuit"]> = { openFor: "200 millis", maxOpenFor: "800 millis" }

/** What one process has of its own, and its program where it is another one. */
export type Member = Partial<Start> & { readonly source?: URL }

/** So many processes on one key. */
export const fleet = (size: number, url: string, port: number, member: (i: number) => Member = () => ({})) => {
  const [key, prefix] = ["users-api", freshPrefix()]
  return Effect.gen(function* () {
    const client = yield* looking(url, prefix)
    const workers = yield* Effect.forEach(
      Array.from({ length: size }, (_, i) => i),
      (i) => {
        const { source = fleetProcess, ...start } = member(i)
        return worker({ name: `web-${i}`, key, redis: url, prefix, target: port, circuit: shortly, ...start }, source)
      },
      { concurrency: 4 }
    )
    return { record: Effect.promise(() => client.get(`${prefix}${key}`)), workers }
  })
}

export const rate = (workers: ReadonlyArray<Worker>, perSecond: number) =>
  Effect.forEach(workers, (one) => one.rate(perSecond), { discard: true })

export const all = (workers: ReadonlyArray<Worker>, status: string) =>
  holds(`all are ${status}`, () => workers.every((one) => one.status() === status))

/** Attempts that no circuit should have let through. */
export const wrong = (workers: ReadonlyArray<Worker>) => workers.flatMap((one) => one.of("Wrong"))

/** What a process has logged, without the reasons. */
export const logs = (one: Worker) => one.of("Log").map(({ level, text }) => `${level} ${text.split(":")[0]}`)

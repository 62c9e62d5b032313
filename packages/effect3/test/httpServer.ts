import { Effect } from "effect"
import * as Http from "node:http"
import type * as Net from "node:net"

/** A real server on loopback that answers request by request, and knows its sockets. */
export interface Served {
  readonly url: string
  readonly requests: ReadonlyArray<Http.IncomingMessage>
  /** How many connections were ever made. */
  readonly connections: () => number
  /** Ends when at most so many connections are open. */
  readonly open: (atMost: number) => Effect.Effect<void>
  /** Ends when so many connections were closed before their answer was complete. */
  readonly aborted: (atLeast: number) => Effect.Effect<void>
  /** Ends when so many requests have come. */
  readonly asked: (atLeast: number) => Effect.Effect<void>
  readonly stop: Effect.Effect<void>
}

/** What a server does with the n-th request, from 0. */
export type Handler = (request: Http.IncomingMessage, response: Http.ServerResponse, n: number) => void

export const serve = (handler: Handler) =>
  Effect.acquireRelease(
    Effect.async<Served>((resume) => {
      const sockets = new Set<Net.Socket>()
      const requests: Array<Http.IncomingMessage> = []
      const waiting = new Set<() => void>()
      const changed = () => waiting.forEach((check) => check())
      let connections = 0
      let aborted = 0
      const until = (met: () => boolean) =>
        Effect.async<void>((resume) => {
          const check = () => {
            if (!met()) return
            waiting.delete(check)
            resume(Effect.void)
          }
          waiting.add(check)
          check()
          return Effect.sync(() => waiting.delete(check))
        })
      const server = Http.createServer((request, response) => {
        response.on("close", () => {
          if (!response.writableFinished) aborted++
          changed()
        })
        handler(request, response, requests.push(request) - 1)
        changed()
      })
      server.on("connection", (socket) => {
        connections++
        sockets.add(socket)
        socket.on("error", () => {})
        socket.on("close", () => {
          sockets.delete(socket)
          changed()
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = address !== null && typeof address === "object" ? address.port : 0
        resume(
          Effect.succeed({
            url: `http://127.0.0.1:${port}`,
            requests,
            connections: () => connections,
            open: (atMost) => until(() => sockets.size <= atMost),
            aborted: (atLeast) => until(() => aborted >= atLeast),
            asked: (atLeast) => until(() => requests.length >= atLeast),
            stop: Effect.async<void>((resume) => {
              server.close(() => resume(Effect.void))
              server.closeAllConnections()
            })
          })
        )
      })
    }),
    ({ stop }) => stop
  )

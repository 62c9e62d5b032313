import { Truce } from "@truce/effect3"
import { Effect, Layer } from "effect"
import { expect, it } from "vitest"
import { telling } from "./platform/Logs.ts"

it("a second layer in use in one process says so, in one line, unless it is meant", async () => {
  const lines: Array<string> = []
  const within = <A, E>(options: Truce.Options, inside: Effect.Effect<A, E>) =>
    Effect.provide(inside, Truce.layer(options))
  const logger = telling(({ level, message }) => void lines.push(`${level} ${message}`))
  const run = (self: Effect.Effect<void>) => Effect.runPromise(Effect.provide(self, logger))
  await run(Effect.zipRight(within({}, Effect.void), within({}, Effect.void)))
  await run(within({}, within({ several: true }, Effect.void)))
  expect(lines).toEqual([])
  await run(within({}, within({}, within({}, Effect.void))))
  await run(within({}, within({}, Effect.void)))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain("WARN a second Truce.layer is in use in this process")
  // A layer that is provided twice is one.
  await run(Effect.scoped(Effect.asVoid(Layer.build(Layer.merge(Truce.layer(), Layer.empty)))))
})

import { Truce } from "@truce/effect3"
import { Effect } from "effect"
import { expect, it } from "vitest"
import type * as Several from "../src/run/layers/several.ts"
import { type Line, telling } from "./platform/Logs.ts"

/** What a process says whose layers are counted by a copy of its own, whatever other tests have built. */
const told = async (process: number, nested: (counted: typeof Several.counted) => Effect.Effect<void>) => {
  const lines: Array<Line> = []
  const path = "../src/run/layers/several.ts"
  const copy: typeof Several = await import(/* @vite-ignore */ `${path}?process${process}`)
  await Effect.runPromise(
    Effect.provide(
      nested(copy.counted),
      telling((line) => void lines.push(line))
    )
  )
  return lines.map(({ level, message }) => `${level} ${message}`)
}

const inside = (self: Effect.Effect<void>, counted: typeof Several.counted, isMeant: boolean): Effect.Effect<void> =>
  Effect.scoped(Effect.zipRight(counted(isMeant), self))

it("a second layer in use in one process says so, once", async () => {
  const lines = await told(1, (counted) => {
    const two = inside(inside(Effect.void, counted, false), counted, false)
    return Effect.zipRight(two, two)
  })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain("WARN a second Truce.layer is in use in this process")
})

it("a second layer says nothing where it is meant", async () => {
  const lines = await told(2, (counted) => inside(inside(Effect.void, counted, true), counted, false))
  expect(lines).toEqual([])
})

it("a layer after another that has ended says nothing", async () => {
  const lines = await told(3, (counted) => {
    const one = inside(Effect.void, counted, false)
    return Effect.zipRight(one, one)
  })
  expect(lines).toEqual([])
})

const within = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.provide(self, Truce.layer({ several: true }))

it("two layers that are meant live side by side", async () => {
  const lines: Array<Line> = []
  const two = within(within(Effect.void))
  await Effect.runPromise(
    Effect.provide(
      two,
      telling((line) => void lines.push(line))
    )
  )
  expect(lines).toEqual([])
})

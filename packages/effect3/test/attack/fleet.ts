import { it } from "@effect/vitest"
import type { Truce } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as FleetStore from "@truce/effect3/FleetStore"
import { Clock, Context, Effect, Layer, PubSub, type Scope, Stream, TestClock } from "effect"
import { expect } from "vitest"
import { telling } from "../platform/Logs.ts"
import { onTestClock } from "../platform/TestTime.ts"
import { attempt, failing, key, settled, statusOf, steady, times } from "../support.ts"

export type Services = Truce.Services | Fleet.Fleet

/** A store whose answers and contents a test decides. */
export interface Hands {
  /** What becomes of a question: it is run, or something else in its place. */
  through: <A>(self: Effect.Effect<A, FleetStore.FleetStoreFailed>) => Effect.Effect<A, FleetStore.FleetStoreFailed>
  /** The clock of the store minus that of the test. */
  skew: number
  readonly asked: Array<string>
  readonly kept: Map<string, string>
  readonly logs: Array<string>
  readonly tell: (news: FleetStore.News) => Effect.Effect<void>
}

export class Held extends Context.Tag("Held")<Held, Hands>() {}

const store = Layer.scopedContext(
  Effect.gen(function* () {
    const news = yield* Effect.acquireRelease(PubSub.unbounded<FleetStore.News>(), PubSub.shutdown)
    const kept = new Map<string, string>()
    const hands: Hands = {
      through: (self) => self,
      skew: 0,
      asked: [],
      kept,
      logs: [],
      tell: (one) => Effect.asVoid(PubSub.publish(news, one))
    }
    const asked = <A>(name: string, self: Effect.Effect<A>) =>
      Effect.suspend(() => {
        hands.asked.push(name)
        return hands.through(self)
      })
    const service: FleetStore.Service = {
      read: (name) =>
        asked(
          name,
          Effect.map(Clock.currentTimeMillis, (now) => ({ now: now + hands.skew, text: kept.get(name) }))
        ),
      swap: ({ expected, isNews, key: name, text }) =>
        asked(
          name,
          Effect.flatMap(Clock.currentTimeMillis, (at): Effect.Effect<FleetStore.Swapped> => {
            const now = at + hands.skew
            const present = kept.get(name)
            if (present !== expected) return Effect.succeed({ now, text: present, isSwapped: false })
            kept.set(name, text)
            return Effect.as(isNews ? hands.tell({ key: name, text }) : Effect.void, { now, text, isSwapped: true })
          })
        ),
      news: Stream.fromPubSub(news)
    }
    return Context.make(FleetStore.FleetStore, service).pipe(Context.add(Held, hands))
  })
)

export const test = (
  name: string,
  body: () => Effect.Effect<void, unknown, FleetStore.FleetStore | Held | Scope.Scope>
) => it.scoped(name, () => onTestClock(Effect.provide(Effect.orDie(body()), store)))

export const started = (options: Fleet.Options = {}, truce: Truce.Options = {}) =>
  Effect.gen(function* () {
    const { logs } = yield* Held
    const logger = telling(({ message }) => void logs.push(message))
    const context = yield* Layer.build(
      Layer.provideMerge(Fleet.layer(options), steady(truce)).pipe(Layer.provide(logger))
    )
    return <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Services>> =>
      Effect.provide(self, context)
  })

export const away = new FleetStore.FleetStoreFailed({ reason: "down", isInDoubt: false, detail: "test" })
export const down: Hands["through"] = () => Effect.fail(away)
export const silent: Hands["through"] = () => Effect.never
export const well: Hands["through"] = (self) => self

/** Does what is asked at once, and answers when it is released. */
export const holding = () => {
  const held: Array<() => void> = []
  const hold: Hands["through"] = (self) =>
    Effect.flatMap(self, (answer) => Effect.async((resume) => void held.push(() => resume(Effect.succeed(answer)))))
  return { hold, release: Effect.sync(() => held.splice(0).forEach((answer) => answer())) }
}

export const become = (through: Hands["through"]) =>
  Effect.map(Held, (held) => {
    held.through = through
  })

export const passed = (millis: number) =>
  Effect.zipRight(settled, Effect.zipRight(TestClock.adjust(millis), times(6, settled)))

export const stored = Effect.map(Held, ({ kept }) => JSON.parse(kept.get(key) ?? "{}").circuit)

/** One process of a fleet whose circuits one witness opens, open for all and ready for a probe. */
export const opened = (options: Fleet.Options = {}, truce: Truce.Options = {}) =>
  Effect.gen(function* () {
    const run = yield* started({ witnesses: 1, ...options }, truce)
    yield* times(10, Effect.zipRight(run(attempt(failing)), passed(250)))
    expect(yield* run(statusOf())).toBe("Open")
    yield* passed(1_000)
    expect((yield* stored).state._tag).toBe("Open")
    return run
  })

/**
 * Where the processes of a fleet keep what they judge together: one text per key, replaced only by who has seen it.
 *
 * It judges nothing: `Fleet` does. `@truce/effect3/Redis` has the store for a real fleet, and `layerMemory` is one for tests.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

/**
 * What keeps the store from serving: it is not reached, does not answer in time, takes no writes, has no memory left, does not let this
 * user in, or holds or says what is not understood.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Reason = Schema.Literal("down", "slow", "read-only", "out of memory", "denied", "garbage")

/**
 * What keeps the store from serving.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = typeof Reason.Type

/**
 * The store did not serve. `isInDoubt` where it may have done what was asked all the same.
 *
 * @category errors
 * @since 0.1.0
 */
export class FleetStoreFailed extends Schema.TaggedError<FleetStoreFailed>("@truce/effect3/FleetStoreFailed")(
  "FleetStoreFailed",
  { reason: Reason, isInDoubt: Schema.Boolean, detail: Schema.String }
) {
  override get name(): string {
    return this._tag
  }

  override get message(): string {
    return `the store is ${this.reason === "garbage" ? "not understood" : this.reason}: ${this.detail}`
  }
}

/**
 * What is stored under a key, `undefined` for nothing, and the store's time in ms when it was looked at.
 *
 * @category models
 * @since 0.1.0
 */
export interface Seen {
  readonly now: number
  readonly text: string | undefined
}

/**
 * What came of a replacement: done, or what is there instead of what was expected.
 *
 * @category models
 * @since 0.1.0
 */
export interface Swapped extends Seen {
  readonly isSwapped: boolean
}

/**
 * A replacement: `expected` is what must be there, `undefined` for nothing; `text` is kept for `ttlMillis`; others are told of it where
 * `isNews`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Swap {
  readonly key: string
  readonly expected: string | undefined
  readonly text: string
  readonly ttlMillis: number
  readonly isNews: boolean
}

/**
 * What another process, or this one, has stored as news.
 *
 * @category models
 * @since 0.1.0
 */
export interface News {
  readonly key: string
  readonly text: string
}

/**
 * The operations of the service. A `swap` is atomic. `news` may lose some, and may be empty: it only makes a fleet faster.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly read: (key: string) => Effect.Effect<Seen, FleetStoreFailed>
  readonly swap: (swap: Swap) => Effect.Effect<Swapped, FleetStoreFailed>
  readonly news: Stream.Stream<News, FleetStoreFailed>
}

/**
 * Where the processes of a fleet keep what they judge together.
 *
 * @category tags
 * @since 0.1.0
 */
export class FleetStore extends Context.Tag("@truce/effect3/FleetStore")<FleetStore, Service>() {}

/**
 * A store in the memory of this process, on the clock of who asks: for tests, where each use of a `Truce.layer` is a process.
 *
 * **Example** (Two processes on one store)
 *
 * ```ts
 * import * as FleetStore from "@truce/effect3/FleetStore"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const store = yield* FleetStore.FleetStore
 *   const swap = { key: "users-api", expected: undefined, ttlMillis: 1_000, isNews: false }
 *   const first = yield* store.swap({ ...swap, text: "mine" })
 *   const second = yield* store.swap({ ...swap, text: "yours" })
 *   return [first.isSwapped, second.isSwapped, second.text]
 * })
 * await Effect.runPromise(Effect.provide(program, FleetStore.layerMemory)) // => [true, false, "mine"]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<FleetStore> = Layer.scoped(
  FleetStore,
  Effect.gen(function* () {
    const kept = new Map<string, { readonly text: string; readonly until: number }>()
    const news = yield* Effect.acquireRelease(PubSub.sliding<News>(1_024), PubSub.shutdown)
    const look = (key: string, now: number): string | undefined => {
      const found = kept.get(key)
      return found !== undefined && found.until > now ? found.text : undefined
    }
    return {
      read: (key) => Effect.map(Clock.currentTimeMillis, (now) => ({ now, text: look(key, now) })),
      swap: ({ expected, isNews, key, text, ttlMillis }) =>
        Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<Swapped> => {
          const present = look(key, now)
          if (present !== expected) return Effect.succeed({ now, text: present, isSwapped: false })
          kept.set(key, { text, until: now + ttlMillis })
          const swapped = { now, text, isSwapped: true }
          return isNews ? Effect.as(PubSub.publish(news, { key, text }), swapped) : Effect.succeed(swapped)
        }),
      news: Stream.fromPubSub(news)
    }
  })
)

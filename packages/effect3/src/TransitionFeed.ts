/**
 * Transitions as server-sent events: numbered, the last ones kept for readers that come back.
 *
 * A reader never holds a call: one that is slow loses the oldest events, and is told how many. (What the feed itself may be behind the
 * circuits, 1 024 transitions, is not told when it is exceeded: it has no number yet.)
 *
 * A server that shuts down may wait for those who still read.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { CircuitBreaker } from "./CircuitBreaker.ts"
import * as CircuitReport from "./CircuitReport.ts"
import { now } from "./platform/Monotonic.ts"
import { count, positiveDuration } from "./run/settings/options.ts"
import { published } from "./platform/Published.ts"
import { forkScopedAtOnce } from "./platform/Running.ts"

/**
 * Options of the service. Every one has a default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** A comment is sent this often, so that nothing between takes a quiet connection for a dead one. Default: 15 seconds. */
  readonly keepAlive?: Duration.DurationInput | undefined
  /** How many events are kept for readers that come back, and how many a slow reader may be behind. Default: 1 024. */
  readonly history?: number | undefined
}

/**
 * The operations of the service.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  /**
   * What a reader is sent from now on, or after the event whose id it has seen last. The first bytes are sent once nothing will be
   * missed.
   */
  readonly events: (lastEventId?: string) => Stream.Stream<string>
  /** How many read now. */
  readonly readers: Effect.Effect<number>
}

/**
 * Transitions as server-sent events.
 *
 * @category tags
 * @since 0.1.0
 */
export class TransitionFeed extends Context.Tag("@truce/effect3/TransitionFeed")<TransitionFeed, Service>() {}

interface Numbered {
  readonly number: number
  readonly text: string
}

const encode = Schema.encodeSync(Schema.parseJson(CircuitReport.Transition))

/**
 * Builds the service.
 *
 * Dies with `InvalidOption` for an impossible option.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (options: Options = {}): Effect.Effect<Service, never, CircuitBreaker | Scope.Scope> =>
  Effect.gen(function* () {
    const keepAlive = positiveDuration("TransitionFeed", "keepAlive", options.keepAlive, "15 seconds")
    const history = count("TransitionFeed", "history", options.history, 1_024)
    const breaker = yield* CircuitBreaker
    // Ids of another process are not taken for those of this one.
    const process = (yield* Random.nextIntBetween(0, 2 ** 32)).toString(36)
    const events = yield* Effect.acquireRelease(PubSub.sliding<Numbered>(history), PubSub.shutdown)
    const recent: Array<Numbered> = []
    let last = 0
    let readers = 0
    yield* breaker.transitions.pipe(
      Stream.runForEach((transition) =>
        Effect.gen(function* () {
          const report = CircuitReport.fromTransition(transition, yield* now, yield* DateTime.now)
          const number = ++last
          const event = { number, text: `id: ${process}-${number}\n${written("transition", encode(report))}` }
          if (recent.push(event) > history) recent.shift()
          yield* PubSub.publish(events, event)
        })
      ),
      forkScopedAtOnce
    )

    /** The number after which a reader is to be told; that of another process is before all of this one's. */
    const seen = (id: string): number => {
      const number = id.startsWith(`${process}-`) ? Number(id.slice(process.length + 1)) : 0
      return Number.isSafeInteger(number) && number >= 0 && number <= last ? number : 0
    }
    const reading = Effect.acquireRelease(
      Effect.sync(() => readers++),
      () => Effect.sync(() => readers--)
    )
    return {
      events: (lastEventId) =>
        Stream.unwrapScoped(
          Effect.gen(function* () {
            yield* reading
            const coming = yield* published(events)
            const after = lastEventId === undefined || lastEventId === "" ? last : seen(lastEventId)
            const missed = recent.filter(({ number }) => number > after)
            return Stream.fromIterable(missed).pipe(
              Stream.concat(coming),
              Stream.map(told(after)),
              Stream.filter((text) => text !== ""),
              Stream.merge(Stream.repeatEffect(Effect.as(Effect.sleep(keepAlive), ": keep-alive\n\n")), {
                haltStrategy: "left"
              }),
              (stream) => Stream.concat(Stream.succeed(opening), stream)
            )
          })
        ),
      readers: Effect.sync(() => readers)
    }
  })

/**
 * Provides the service.
 *
 * Dies with `InvalidOption` when built with an impossible option.
 *
 * **Example** (In a route of your own)
 *
 * ```ts
 * import { HttpServerResponse } from "@effect/platform"
 * import { CircuitBreaker, Truce } from "@truce/effect3"
 * import { TransitionFeed, layer } from "@truce/effect3/TransitionFeed"
 * import { Effect, Layer, Stream } from "effect"
 *
 * const route = Effect.map(TransitionFeed, (feed) =>
 *   HttpServerResponse.stream(Stream.encodeText(feed.events()), { contentType: "text/event-stream" })
 * )
 * const program = Effect.andThen(CircuitBreaker.isolate("users-api", "migration"), route)
 * const response = await Effect.runPromise(
 *   Effect.provide(program, Layer.provideMerge(layer({ keepAlive: "30 seconds" }), Truce.layer()))
 * )
 * response.headers["content-type"] // => "text/event-stream"
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<TransitionFeed, never, CircuitBreaker> =>
  Layer.scoped(
    TransitionFeed,
    Effect.suspend(() => make(options))
  )

/** Tells the reader that it is connected, and when to come back after it is not. */
const opening = "retry: 3000\n: connected\n\n"

/** The text of each event, with those that were lost before it; none where the reader has had it. */
const told = (after: number) => {
  let before = after
  return ({ number, text }: Numbered): string => {
    const lost = number - before - 1
    if (lost < 0) return ""
    before = number
    return lost === 0 ? text : written("lost", `{"lost":${lost}}`) + text
  }
}

const written = (event: string, data: string): string => `event: ${event}\ndata: ${data}\n\n`

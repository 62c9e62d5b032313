import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type Running, runSync } from "./Running.ts"

/** What is published from now on, as long as the scope lasts. */
export const published = <A>(self: PubSub.PubSub<A>): Effect.Effect<Stream.Stream<A>, never, Scope.Scope> =>
  Effect.map(PubSub.subscribe(self), Stream.fromQueue)

/** Publishes from a callback; the oldest makes room in a sliding one that is full. */
export const publishNow = <A>(self: PubSub.PubSub<A>, running: Running, value: A): void => {
  if (!self.unsafeOffer(value)) runSync(running, PubSub.publish(self, value))
}

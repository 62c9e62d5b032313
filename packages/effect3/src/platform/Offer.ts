import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"

/** Publishes at once to a sliding `PubSub`: a watcher that is full loses its oldest. After its shutdown nobody watches. */
export const offer = <A>(events: PubSub.PubSub<A>, event: A): void => {
  // `unsafeOffer` does not slide: full of what one watcher has not read, it drops the newest for all.
  if (!events.unsafeOffer(event) && events.isActive()) Effect.runSync(PubSub.publish(events, event))
}

import { Fleet, Outcome } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Service as Store } from "../../FleetStore.ts"
import { bounded } from "../../platform/Bounded.ts"
import { forkScopedAtOnce } from "../../platform/Running.ts"
import { type FleetContext, FleetEntry, type FleetPolicy, type Shared } from "./FleetEntry.ts"
import * as Exchange from "./exchange.ts"
import type { Settings } from "./options.ts"
import * as Probe from "./probe.ts"
import { now } from "../../platform/Monotonic.ts"
import type { ScoreEntries } from "../keys/ScoreEntries.ts"

/** Keys flushed at once. */
const concurrency = 64

/** How long after it was lost news is subscribed to again. */
const newsAgainMillis = 1_000

export const make = (registry: ScoreEntries, store: Store, settings: Settings) =>
  Effect.gen(function* () {
    const { flushMillis, process, timeoutMillis, witnesses } = settings
    const scope = yield* Effect.scope
    const exchange = Exchange.make(store, settings)
    const entries = new Map<string, FleetEntry>()
    const due = new Set<FleetEntry>()
    const chores = yield* Queue.unbounded<Effect.Effect<void>>()
    const soon = (self: Effect.Effect<void>): void => void Queue.unsafeOffer(chores, self)
    const probe = Probe.make(exchange, scope, settings, soon)

    const left = (entry: FleetEntry): void => {
      // While the store is away nothing is kept of a key that nobody uses.
      if (due.has(entry) && exchange.condition() === "up") return
      due.delete(entry)
      if (entries.get(entry.entry.key) === entry) entries.delete(entry.entry.key)
    }
    /** Tells what has gathered, or looks where there is nothing to tell; it is told once or, where that is unknown, not again. */
    const flush = (entry: FleetEntry): Effect.Effect<void> =>
      Effect.suspend(() => {
        const { rules } = entry
        entry.isUrgent = false
        if (entry.isFlushing) {
          entry.isAgain = true
          return Effect.void
        }
        due.delete(entry)
        if (rules === undefined) return Effect.void
        let batch = entry.take()
        const { unsettled } = entry
        entry.unsettled = []
        const told =
          batch.attempts === 0 && unsettled.length === 0 && !exchange.mustWrite()
            ? exchange.look(entry, rules)
            : exchange.update(
                entry,
                rules,
                (rules, shared, storeNow) => {
                  // What was seen while others were first goes along: under load they are first a dozen times.
                  if (entry.batch.attempts > 0) {
                    batch = Fleet.combine(batch, entry.take())
                    entry.isAgain = false
                    entry.isUrgent = false
                    due.delete(entry)
                  }
                  const settled = unsettled.reduce((to, made) => Fleet.settleProbe(rules, to, made, storeNow), shared)
                  if (batch.attempts === 0) {
                    return [settled === shared && exchange.mustWrite() ? { ...shared } : settled, undefined]
                  }
                  // Where nothing is stored any more it begins anew, with this.
                  const own = entry.shared === undefined ? { ...batch, generation: undefined } : batch
                  return [merged(rules, settled, own, storeNow), undefined]
                },
                (isDone) => (isDone === false ? entry.giveBack(batch) : undefined)
              )
        entry.isFlushing = true
        return told.pipe(
          Effect.catchTags({
            FleetStoreFailed: ({ isInDoubt }) =>
              Effect.sync(() => {
                entry.owe(unsettled)
                if (!isInDoubt) entry.giveBack(batch)
              }),
            Foreign: () => Effect.void
          }),
          Effect.onInterrupt(() =>
            Effect.sync(() => {
              entry.owe(unsettled)
              // What was on its way then may have come.
              if (entry.doubts.length === 0) entry.giveBack(batch)
            })
          ),
          Effect.ensuring(
            Effect.sync(() => {
              entry.isFlushing = false
              if (entry.isAgain && exchange.condition() === "up") soon(flush(entry))
              entry.isAgain = false
              if (entry.hasLeft) left(entry)
            })
          )
        )
      })
    const flushAll = Effect.flatMap(now, (at) => {
      const storeNow = exchange.storeTime(at)
      for (const entry of entries.values()) if (entry.isWatching(storeNow)) due.add(entry)
      // What the store has gone away from stays due.
      const told = (entry: FleetEntry) => (exchange.condition() === "up" ? flush(entry) : Effect.void)
      const rest = () => Effect.forEach([...due], told, { concurrency, discard: true })
      if (exchange.condition() === "up") return rest()
      // One asks for all, until the store serves.
      const [oldest] = due
      const first = exchange.tried() ?? oldest
      if (first === undefined) return Effect.void
      return Effect.zipRight(
        flush(first),
        Effect.suspend(() => {
          if (exchange.condition() === "up") return rest()
          due.add(first)
          return Effect.void
        })
      )
    })

    const fleet: FleetContext = {
      process,
      witnesses,
      isDue: (entry, isUrgent) => {
        due.add(entry)
        if (!isUrgent || exchange.condition() !== "up") return
        entry.isUrgent = true
        soon(flush(entry))
      },
      admit: probe.admit,
      settle: probe.settle,
      left
    }
    // News may overtake an answer or be overtaken by one, be old, or be of another database: they only say that it is time to look.
    const hear = Stream.runForEach(store.news, ({ key, text }) =>
      Effect.sync(() => {
        const entry = entries.get(key)
        const rules = entry?.rules
        if (entry === undefined || rules === undefined || !entry.isSeen || entry.text === text) return
        const decoded = Fleet.decode(rules, text)
        if (decoded._tag === "Invalid") return
        const known = entry.shared?.circuit.generation ?? -Infinity
        if (decoded.shared.circuit.generation > known && exchange.condition() === "up") soon(flush(entry))
      })
    )

    // Finalizers run in reverse: the fibers below have ended when the last flush begins.
    // It runs on a fiber of its own: that of who closes the scope may have been interrupted.
    yield* Effect.addFinalizer(() =>
      exchange.condition() === "up"
        ? Effect.flatMap(Effect.forkDaemon(bounded(flushAll, timeoutMillis, Effect.void)), Fiber.await)
        : Effect.void
    )
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        registry.share((shareable) => {
          const entry = new FleetEntry(shareable, fleet)
          entries.set(shareable.key, entry)
          return entry
        })
      ),
      (stop) => Effect.sync(stop)
    )
    // They wait for what they are for before this one goes on.
    yield* forkScopedAtOnce(Effect.forever(Effect.delay(flushAll, flushMillis)))
    yield* forkScopedAtOnce(Effect.forever(Effect.flatMap(Queue.take(chores), (chore) => Effect.forkIn(chore, scope))))
    yield* forkScopedAtOnce(Effect.forever(Effect.zipRight(Effect.ignore(hear), Effect.sleep(newsAgainMillis))))
    return { condition: Effect.sync(exchange.condition) }
  })

/**
 * A batch in Closed moves the score. While the circuit here goes its own way, closed by a reset or by a probe that the store was not asked
 * for, what its attempts have shown is as good as a probe.
 */
const merged = (rules: FleetPolicy, shared: Shared, batch: Fleet.Batch, storeNow: number): Shared => {
  const { generation, state } = shared.circuit
  if (state._tag === "Closed" || batch.generation !== generation) return Fleet.merge(rules, shared, batch, storeNow)
  const [leased, decision] = Fleet.lease(rules, shared, storeNow)
  if (decision._tag === "Rejected" || decision.permit.probe === 0) return shared
  const outcome = 2 * batch.raw > batch.attempts ? Outcome.failure() : Outcome.success
  return Fleet.settleProbe(rules, leased, { permit: decision.permit, outcome, failedBefore: 0 }, storeNow)
}

import { Circuit, Fleet, Outcome } from "@truce/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { FleetEntry, FleetPolicy } from "./FleetEntry.ts"
import type { FleetStoreFailed } from "../../FleetStore.ts"
import type { Exchange, Foreign } from "./exchange.ts"
import type { Settings } from "./options.ts"
import { now } from "../../platform/Monotonic.ts"

/** Admits and settles the probes of circuits that follow the fleet. Nobody waits for the store longer than the timeout of a lease. */
export const make = (
  exchange: Exchange,
  scope: Scope.Scope,
  { flushMillis, leaseTimeoutMillis, onStoreDown }: Settings,
  /** Runs it sometime soon. */
  soon: (self: Effect.Effect<void>) => void
) => {
  /** Goes on after whoever waits for it has given up. */
  const detached = <A, E>(self: Effect.Effect<A, E>): Effect.Effect<Deferred.Deferred<A, E>> =>
    Effect.flatMap(Deferred.make<A, E>(), (answer) =>
      Effect.as(Effect.forkIn(Effect.interruptible(Deferred.complete(answer, self)), scope), answer)
    )
  const waited = <A, E>(
    answer: Deferred.Deferred<A, E>,
    millis: number = leaseTimeoutMillis
  ): Effect.Effect<Option.Option<A>> =>
    Effect.interruptible(Effect.option(Effect.timeout(Deferred.await(answer), millis)))

  const byItself = (entry: FleetEntry, at: number): Effect.Effect<Circuit.Decision> =>
    Effect.map(entry.entry.admitAlone(at), (decision) => {
      if (isProbe(decision)) entry.ownProbes.add(decision.permit)
      return decision
    })
  const alone = (entry: FleetEntry, rules: FleetPolicy, at: number): Effect.Effect<Circuit.Decision> =>
    onStoreDown === "local"
      ? byItself(entry, at)
      : Effect.flatMap(
          entry.entry.step((circuit) =>
            entry.isLed(circuit) ? swapped(Fleet.barred(rules, circuit, at, at + flushMillis)) : [undefined, circuit]
          ),
          (decision) => (decision === undefined ? byItself(entry, at) : Effect.succeed(decision))
        )

  const settled = (entry: FleetEntry, rules: FleetPolicy, made: Circuit.Settled) =>
    exchange
      .update(
        entry,
        rules,
        (rules, shared, storeNow) => [Fleet.settleProbe(rules, shared, made, storeNow), undefined],
        () => undefined
      )
      .pipe(Effect.tapErrorTag("FleetStoreFailed", () => Effect.sync(() => entry.owe([made]))))
  const giveBack = (entry: FleetEntry, rules: FleetPolicy, permit: Circuit.Permit): Effect.Effect<void> =>
    Effect.ignore(settled(entry, rules, { permit, outcome: Outcome.ignored, failedBefore: 0 }))

  /** The local permit of a probe that the store has given a lease; `undefined` where it has not. */
  const ask = (entry: FleetEntry, rules: FleetPolicy) =>
    Effect.flatMap(
      exchange.update(entry, rules, Fleet.lease, (isDone, decision) => {
        if (isDone === true && isProbe(decision)) soon(giveBack(entry, rules, decision.permit))
      }),
      (decision) => {
        if (!isProbe(decision)) return Effect.succeed(undefined)
        const { permit } = decision
        return Effect.flatMap(
          entry.entry.step((circuit) => [Fleet.localPermit(circuit, entry.link, permit), circuit]),
          (local) => {
            if (local === undefined) return Effect.as(giveBack(entry, rules, permit), undefined)
            entry.probes.set(local, permit)
            return Effect.succeed(local)
          }
        )
      }
    )
  /** Nobody waits for it any more: what comes of it is given back. */
  const abandoned = (
    entry: FleetEntry,
    rules: FleetPolicy,
    answer: Deferred.Deferred<Circuit.Permit | undefined, FleetStoreFailed | Foreign>
  ): Effect.Effect<void> =>
    Effect.sync(() =>
      soon(
        Effect.flatMap(Effect.option(Deferred.await(answer)), (found) => {
          const local = Option.getOrUndefined(found)
          const permit = local === undefined ? undefined : entry.probes.get(local)
          if (local === undefined || permit === undefined) return Effect.void
          entry.probes.delete(local)
          return giveBack(entry, rules, permit)
        })
      )
    )
  const leased = (entry: FleetEntry, rules: FleetPolicy, waitMillis: number): Effect.Effect<Circuit.Decision> =>
    Effect.flatMap(detached(ask(entry, rules)), (answer) =>
      Effect.flatMap(
        Effect.onInterrupt(waited(answer, waitMillis), () => abandoned(entry, rules, answer)),
        (found): Effect.Effect<Circuit.Decision> => {
          if (Option.isNone(found)) {
            return Effect.zipRight(
              abandoned(entry, rules, answer),
              Effect.flatMap(now, (at) => alone(entry, rules, at))
            )
          }
          return found.value === undefined
            ? Effect.flatMap(now, (at) => decided(entry, rules, at, undefined))
            : Effect.succeed({ _tag: "Admitted", permit: found.value })
        }
      )
    )
  /** The decision of the circuit here, once it knows what the store has answered; where it would probe, it asks if it still may. */
  const decided = (
    entry: FleetEntry,
    rules: FleetPolicy,
    at: number,
    end: number | undefined
  ): Effect.Effect<Circuit.Decision> =>
    Effect.flatMap(
      entry.entry.step((circuit): readonly [Circuit.Decision | "alone" | "ask", typeof circuit] => {
        if (!entry.isLed(circuit)) return ["alone", circuit]
        const [next, decision] = Circuit.admit(rules, circuit, at)
        if (next === circuit) return [decision, circuit]
        if (end !== undefined) return ["ask", circuit]
        // The store has not given one: there the open time goes on, or somebody was faster.
        const state = entry.shared?.circuit.state
        const opensAt = state?._tag === "Open" ? state.until + exchange.offset() : at
        const until = at + flushMillis
        return swapped(Fleet.barred(rules, circuit, at, opensAt > at ? Math.min(opensAt, until) : until))
      }),
      (decision): Effect.Effect<Circuit.Decision> => {
        if (decision === "alone") return byItself(entry, at)
        return decision === "ask" ? admit(entry, at, end) : Effect.succeed(decision)
      }
    )
  /** Asks for a lease until `end` at the latest, however many have asked before. */
  const admit = (entry: FleetEntry, at: number, end = at + leaseTimeoutMillis): Effect.Effect<Circuit.Decision> =>
    Effect.suspend(() => {
      const { asking, rules } = entry
      if (rules === undefined) return entry.entry.admitAlone(at)
      if (exchange.condition() !== "up" || at >= end) return alone(entry, rules, at)
      // One question at a time: who comes meanwhile hears the answer too.
      if (asking !== undefined) {
        return Effect.zipRight(
          Effect.interruptible(asking),
          Effect.flatMap(now, (later) => decided(entry, rules, later, end))
        )
      }
      return Effect.flatMap(Deferred.make<void>(), (answered) => {
        entry.asking = Deferred.await(answered)
        return Effect.ensuring(
          leased(entry, rules, end - at),
          Effect.suspend(() => {
            entry.asking = undefined
            return Deferred.succeed(answered, undefined)
          })
        )
      })
    })
  return {
    admit: (entry: FleetEntry, at: number) => admit(entry, at),
    settle: (entry: FleetEntry, made: Circuit.Settled, at: number): Effect.Effect<void> =>
      Effect.suspend(() => {
        const { rules } = entry
        const permit = entry.probes.get(made.permit)
        // Where the store could not be told, or has lost the circuit: what it has settled is of another generation, or has no lease, here.
        const alone = Effect.suspend(() => {
          entry.probes.delete(made.permit)
          return entry.entry.settleAlone(made, at)
        })
        if (rules === undefined || permit === undefined) return alone
        return Effect.flatMap(detached(settled(entry, rules, { ...made, permit })), (answer) =>
          // Who is interrupted waits no longer, and has more to do all the same.
          Effect.flatMap(Effect.exit(waited(answer)), (exit) =>
            Exit.isSuccess(exit) ? alone : Effect.sync(() => soon(Effect.zipRight(waited(answer), alone)))
          )
        )
      })
  }
}

const isProbe = (decision: Circuit.Decision): decision is Circuit.Admitted =>
  decision._tag === "Admitted" && decision.permit.probe > 0

const swapped = <A, B>([left, right]: readonly [A, B]): readonly [B, A] => [right, left]

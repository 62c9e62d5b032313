import { Circuit, Fleet, Outcome } from "@truce/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Entry, Rules } from "./fleetEntry.ts"
import type { FleetStoreFailed } from "../FleetStore.ts"
import type { Exchange, Foreign } from "./fleetExchange.ts"
import type { Settings } from "./fleetOptions.ts"
import { now } from "./monotonic.ts"

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
      Effect.as(Effect.forkIn(Deferred.into(self, answer), scope), answer)
    )
  const waited = <A, E>(answer: Deferred.Deferred<A, E>): Effect.Effect<Option.Option<A>> =>
    Effect.interruptible(Effect.option(Effect.timeout(Deferred.await(answer), leaseTimeoutMillis)))

  const rejected = (rules: Rules, circuit: Parameters<Entry["isLed"]>[0], at: number): Circuit.Rejected => ({
    _tag: "Rejected",
    status: circuit.state._tag === "HalfOpen" ? "HalfOpen" : "Open",
    until: at + flushMillis,
    score: Circuit.score(rules, circuit, at),
    generation: circuit.generation
  })
  const alone = (entry: Entry, rules: Rules, at: number): Effect.Effect<Circuit.Decision> =>
    onStoreDown === "local"
      ? entry.cell.admitAlone(at)
      : entry.cell.step((circuit) => [rejected(rules, circuit, at), circuit])

  const settled = (entry: Entry, rules: Rules, made: Circuit.Settled) =>
    exchange.update(
      entry,
      rules,
      (rules, shared, storeNow) => [Fleet.settleProbe(rules, shared, made, storeNow), undefined],
      () => undefined
    )
  const giveBack = (entry: Entry, rules: Rules, permit: Circuit.Permit): Effect.Effect<void> =>
    Effect.ignore(settled(entry, rules, { permit, outcome: Outcome.ignored, failedBefore: 0 }))

  /** The local permit of a probe that the store has given a lease; `undefined` where it has not. */
  const ask = (entry: Entry, rules: Rules) =>
    Effect.flatMap(
      exchange.update(entry, rules, Fleet.lease, (isDone, decision) => {
        if (isDone === true && isProbe(decision)) soon(giveBack(entry, rules, decision.permit))
      }),
      (decision) => {
        if (!isProbe(decision)) return Effect.succeed(undefined)
        const { permit } = decision
        return Effect.flatMap(
          entry.cell.step((circuit) => [Fleet.localPermit(circuit, entry.link, permit), circuit]),
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
    entry: Entry,
    rules: Rules,
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
  const leased = (entry: Entry, rules: Rules): Effect.Effect<Circuit.Decision> =>
    Effect.flatMap(detached(ask(entry, rules)), (answer) =>
      Effect.flatMap(
        Effect.onInterrupt(waited(answer), () => abandoned(entry, rules, answer)),
        (found): Effect.Effect<Circuit.Decision> => {
          if (Option.isNone(found)) {
            return Effect.andThen(
              abandoned(entry, rules, answer),
              Effect.flatMap(now, (at) => alone(entry, rules, at))
            )
          }
          return found.value === undefined
            ? Effect.flatMap(now, (at) => decided(entry, rules, at, false))
            : Effect.succeed({ _tag: "Admitted", permit: found.value })
        }
      )
    )
  /** The decision of the circuit here, once it knows what the store has answered; where it would probe, it asks if it may. */
  const decided = (entry: Entry, rules: Rules, at: number, mayAsk: boolean): Effect.Effect<Circuit.Decision> =>
    Effect.flatMap(
      entry.cell.step((circuit): readonly [Circuit.Decision | "alone" | "ask", typeof circuit] => {
        if (!entry.isLed(circuit)) return ["alone", circuit]
        const [next, decision] = Circuit.admit(rules, circuit, at)
        if (next === circuit) return [decision, circuit]
        return [mayAsk ? "ask" : rejected(rules, circuit, at), circuit]
      }),
      (decision): Effect.Effect<Circuit.Decision> => {
        if (decision === "alone") return entry.cell.admitAlone(at)
        return decision === "ask" ? admit(entry, at) : Effect.succeed(decision)
      }
    )
  const admit = (entry: Entry, at: number): Effect.Effect<Circuit.Decision> =>
    Effect.suspend(() => {
      const { asking, rules } = entry
      if (rules === undefined) return entry.cell.admitAlone(at)
      if (exchange.condition() !== "up") return alone(entry, rules, at)
      // One question at a time: who comes meanwhile hears the answer too.
      if (asking !== undefined) {
        return Effect.andThen(
          Effect.interruptible(asking),
          Effect.flatMap(now, (later) => decided(entry, rules, later, true))
        )
      }
      return Effect.flatMap(Deferred.make<void>(), (answered) => {
        entry.asking = Deferred.await(answered)
        return Effect.ensuring(
          leased(entry, rules),
          Effect.suspend(() => {
            entry.asking = undefined
            return Deferred.succeed(answered, undefined)
          })
        )
      })
    })
  return {
    admit,
    settle: (entry: Entry, made: Circuit.Settled, at: number): Effect.Effect<void> =>
      Effect.suspend(() => {
        const { rules } = entry
        const permit = entry.probes.get(made.permit)
        entry.probes.delete(made.permit)
        if (rules === undefined || permit === undefined) return entry.cell.settleAlone(made, at)
        return Effect.flatMap(Effect.flatMap(detached(settled(entry, rules, { ...made, permit })), waited), (answer) =>
          Option.isSome(answer) ? Effect.void : entry.cell.settleAlone(made, at)
        )
      })
  }
}

const isProbe = (decision: Circuit.Decision): decision is Circuit.Admitted =>
  decision._tag === "Admitted" && decision.permit.probe > 0

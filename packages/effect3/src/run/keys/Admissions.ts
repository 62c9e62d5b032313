import { type EventLog, Waiters } from "@truce/core"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { woken } from "../../platform/Fibers.ts"
import { now, nowOf } from "../../platform/Monotonic.ts"
import * as Race from "../../platform/Race.ts"
import { isComposed, isComposing } from "../../platform/Ref.ts"
import type { BreakerRules } from "../settings/Policies.ts"
import { BreakerEntries } from "./BreakerEntries.ts"
import type { Entry } from "./Entry.ts"
import type { ScoreEntries } from "./ScoreEntries.ts"

/** The entries of a breaker, and waiting for them. */
export class Admissions extends BreakerEntries {
  readonly log: EventLog.EventLog
  private readonly scope: Scope.Scope
  /** When each open time or lease that somebody waits for ends: one timer for all who wait, none without. */
  private readonly timers = new WeakMap<Entry, Set<number>>()
  private isReleased = false

  /** Throws `InvalidOption`. */
  constructor(entries: ScoreEntries, rules: Omit<BreakerRules, "model">, scope: Scope.Scope, log: EventLog.EventLog) {
    super(entries, rules)
    this.scope = scope
    this.log = log
  }

  /** The entry of a key to read, if there is one; in a transaction there is: it sees, and waits for, what others make of a new key. */
  toRead(key: string): Effect.Effect<{ readonly at: number; readonly entry: Entry | undefined }> {
    return Effect.withFiberRuntime((fiber) => {
      const at = nowOf(fiber)
      return Effect.succeed({ at, entry: this.find(key) ?? (isComposed(fiber) ? this.entry(key, at) : undefined) })
    })
  }

  /** Ends when attempts are rejected: retrying has become pointless. An open time that has ended rejects no more. */
  awaitRejecting(watched: Entry): Effect.Effect<void> {
    return this.until(watched, (entry, at) => entry.isRejecting && entry.view(at).nextAdmission !== undefined)
  }

  awaitClosed(watched: Entry): Effect.Effect<void> {
    return this.until(watched, ({ status }) => status === "Closed" || status === "Disabled")
  }

  /** Whether an admission becomes possible within the time; returns as soon as either is known. */
  awaitAdmission(watched: Entry, withinMillis: number, ticket: Waiters.Ticket): Effect.Effect<boolean> {
    return Effect.flatMap(isComposing, (composing) =>
      composing ? this.awaitOpenTime(watched, withinMillis) : this.awaitPermit(watched, withinMillis, ticket)
    )
  }

  /** Waits for the point of a ramp that a rejection named, or for a change; whether it comes within the time. */
  awaitRamp(watched: Entry, forMillis: number, withinMillis: number): Effect.Effect<boolean> {
    if (forMillis > withinMillis) return Effect.succeed(false)
    return this.present(watched, (entry) =>
      Effect.as(
        Race.first(
          Effect.sleep(forMillis),
          this.change(entry, () => entry.status === "Closed")
        ),
        true
      )
    )
  }

  /** Ends a ticket, whatever came of it, and calls the next one if a permit is free: whoever waited for an admission must. */
  decided(key: string, ticket: Waiters.Ticket, at: number): void {
    Waiters.Waiters.decided(ticket)
    this.known(key)?.wakeNext(at)
  }

  private arm(entry: Entry, until: number, at: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const set = this.timers.get(entry) ?? new Set()
      if (until === Infinity || set.has(until)) return Effect.void
      this.timers.set(entry, set.add(until))
      return Effect.map(Effect.forkIn(Effect.interruptible(Effect.sleep(until - at)), this.scope), (timer) =>
        timer.addObserver((exit) => {
          // Only the end of the scope interrupts a timer: nobody will be called any more.
          if (Exit.isFailure(exit)) this.isReleased = true
          set.delete(until)
          entry.wake()
        })
      )
    })
  }

  /**
   * Calls back at the next change of the entry, or at once where the one looked at is out of date: asked and registered in one step, so
   * that no change falls between.
   */
  private change(
    entry: Entry,
    isCurrent: () => boolean,
    waiting?: { readonly ticket: Waiters.Ticket; readonly at: number }
  ): Effect.Effect<void> {
    return Effect.async((resume) => {
      const called = () => resume(woken)
      if (this.known(entry.key) !== entry || !isCurrent()) return called()
      if (waiting === undefined) return Effect.sync(entry.onChange(called))
      const { at, ticket } = waiting
      return entry.claim(ticket, at) ? called() : Effect.sync(entry.onTurn(ticket, called))
    })
  }

  /** The entry there is now: a restored snapshot puts another one in the place of the one watched. */
  private present<A>({ key }: Entry, look: (entry: Entry, at: number) => Effect.Effect<A>): Effect.Effect<A> {
    return Effect.flatMap(now, (at) => look(this.entry(key, at), at))
  }

  private until(watched: Entry, met: (entry: Entry, at: number) => boolean): Effect.Effect<void> {
    return this.present(watched, (entry, at) =>
      met(entry, at)
        ? Effect.void
        : Effect.zipRight(
            this.change(entry, () => !met(entry, at)),
            this.until(entry, met)
          )
    )
  }

  private isCurrent(entry: Entry, at: number, status: Entry["status"], next: number): boolean {
    return (
      entry.status === status &&
      (status === "HalfOpen" || (entry.view(at).nextAdmission ?? Infinity) === next) &&
      (next === Infinity || this.timers.get(entry)?.has(next) === true)
    )
  }

  /** A transaction sees nothing of what others do meanwhile: for it only an open time can end. */
  private awaitOpenTime(entry: Entry, withinMillis: number): Effect.Effect<boolean> {
    return Effect.flatMap(now, (at) =>
      Effect.flatMap(entry.viewTx(at), ({ nextAdmission, status }) => {
        if (nextAdmission === undefined) return Effect.succeed(status !== "HalfOpen")
        const remaining = nextAdmission - at
        return remaining > withinMillis ? Effect.succeed(false) : Effect.as(Effect.sleep(remaining), true)
      })
    )
  }

  private awaitPermit(watched: Entry, withinMillis: number, ticket: Waiters.Ticket): Effect.Effect<boolean> {
    return this.present(watched, (entry, at) => {
      const { nextAdmission, status } = entry.view(at)
      // On a ramp each is told its own time when it asks.
      if (status === "Closed") return Effect.succeed(true)
      if (nextAdmission === undefined && (status !== "HalfOpen" || entry.claim(ticket, at))) return Effect.succeed(true)
      this.decided(entry.key, ticket, at)
      if (withinMillis <= 0 || this.isReleased) return Effect.succeed(false)
      const next = nextAdmission ?? Infinity
      const again = Effect.flatMap(now, (later) => this.awaitAdmission(entry, withinMillis - (later - at), ticket))
      const changed = Effect.zipRight(
        this.arm(entry, next, at),
        this.change(entry, () => this.isCurrent(entry, at, status, next), { ticket, at })
      )
      // An open time that outlasts the deadline is a stop, not a wait; a probe may give its permit back at any time.
      if (status !== "HalfOpen") {
        return next - at > withinMillis ? Effect.succeed(false) : Effect.zipRight(changed, again)
      }
      return Effect.flatMap(Race.isInTime(changed, withinMillis), (isChanged) =>
        isChanged ? again : Effect.succeed(false)
      )
    })
  }
}

import type { Outcome } from "@truce/core"
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type { CircuitOpen } from "../CircuitOpen.ts"
import type { Event } from "../EventLog.ts"
import { errorOf, nameOf } from "./trail.ts"

/** An attempt that is being told of. */
export interface Told {
  readonly key: string
  readonly attempt: number
  readonly startedAt: number
}

/** Who is told what happens, at once and in order. With nobody listening nothing is built. */
export class Log {
  private observers: ReadonlyArray<(event: Event) => void> = []
  private tracers = 0
  private attempts = 0
  /** What an observer has caused while it was told; `undefined` while nobody is. */
  private pending: Array<Event> | undefined
  /** Whether anybody observes or traces: all that a call must ask. */
  isOn = false

  /** Whether each call is a span. */
  get isTraced(): boolean {
    return this.tracers > 0
  }

  /** Returns how to stop. */
  trace(): () => void {
    this.tracers++
    this.listen()
    return () => {
      this.tracers--
      this.listen()
    }
  }

  /** Returns how to stop. */
  subscribe(observer: (event: Event) => void): () => void {
    this.observers = [...this.observers, observer]
    this.listen()
    return () => {
      this.observers = this.observers.filter((other) => other !== observer)
      this.listen()
    }
  }

  private listen(): void {
    this.isOn = this.isTraced || this.observers.length > 0
  }

  tell(event: Event): void {
    // All observers hear of the cause before any hears of what one of them made of it.
    if (this.pending !== undefined) return void this.pending.push(event)
    const pending = (this.pending = [event])
    try {
      for (const next of pending) for (const observer of this.observers) observer(next)
    } finally {
      this.pending = undefined
    }
  }

  admitted(
    { generation, key, probe }: { readonly key: string; readonly generation: number; readonly probe: boolean },
    at: number
  ): Told {
    const attempt = ++this.attempts
    this.tell({ _tag: "Admitted", key, at, attempt, generation, probe })
    return { key, attempt, startedAt: at }
  }

  settled(
    told: Told,
    outcome: Outcome.Outcome,
    made: { readonly cause: Cause.Cause<unknown> | undefined; readonly failedBefore: number },
    at: number
  ): void {
    const error = made.cause === undefined ? undefined : nameOf(errorOf(made.cause))
    this.tell({ _tag: "Settled", ...told, at, outcome, failedBefore: made.failedBefore, error })
  }

  rejected({ generation, health, key, retryAfter, state }: CircuitOpen, at: number): void {
    const until = at + Duration.toMillis(retryAfter)
    this.tell({ _tag: "Rejected", key, at, state, until, score: health, generation })
  }
}

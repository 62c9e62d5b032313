/**
 * Who is told what happens, at once and in order. With nobody listening nothing is built.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../health/Outcome.ts"
import type { Admitted, Event, Settled } from "./Event.ts"

/**
 * An attempt whose admission was told of: its end is too.
 *
 * @category models
 * @since 0.1.0
 */
export type Recorded = Pick<Settled, "key" | "attempt" | "startedAt">

/**
 * The log of one process. It keeps nothing.
 *
 * **Example** (One observer)
 *
 * ```ts
 * import { EventLog, Outcome } from "@truce/core"
 *
 * const told: Array<string> = []
 * const log = new EventLog.EventLog()
 * const stop = log.subscribe((event) => told.push(event._tag))
 * const recorded = log.admitted({ key: "users-api", generation: 0, probe: false }, 10)
 * log.settled(recorded, Outcome.success, { failedBefore: 0 }, 30)
 * stop()
 * told // => ["Admitted", "Settled"]
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class EventLog {
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

  admitted({ generation, key, probe }: Pick<Admitted, "key" | "generation" | "probe">, at: number): Recorded {
    const attempt = ++this.attempts
    this.tell({ _tag: "Admitted", key, at, attempt, generation, probe })
    return { key, attempt, startedAt: at }
  }

  settled(
    { attempt, key, startedAt }: Recorded,
    outcome: Outcome,
    { error, failedBefore }: Pick<Settled, "failedBefore" | "error">,
    at: number
  ): void {
    this.tell({ _tag: "Settled", key, at, attempt, startedAt, outcome, failedBefore, error })
  }
}

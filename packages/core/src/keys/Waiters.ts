/**
 * Who waits for one key: for a change, or for a permit.
 *
 * @since 0.1.0
 */

/**
 * One who waits for a permit; `calledBy` whom, while it has been called and is not decided about.
 *
 * @category models
 * @since 0.1.0
 */
export interface Ticket {
  calledBy: Waiters | undefined
}

/**
 * A change calls everybody; a permit that comes free only the one who has waited longest for it, and nobody else until that one has
 * asked: a thousand who ask for three permits at once would ask again and again.
 *
 * **Example** (One permit, two who wait for it)
 *
 * ```ts
 * import { Waiters } from "@truce/core"
 *
 * const waiters = new Waiters.Waiters()
 * const called: Array<string> = []
 * const first: Waiters.Ticket = { calledBy: undefined }
 * waiters.queue(first, () => called.push("first"))
 * waiters.queue({ calledBy: undefined }, () => called.push("second"))
 * waiters.wakeNext(1)
 * waiters.wakeNext(1)
 * Waiters.Waiters.decided(first)
 * waiters.wakeNext(1)
 * called // => ["first", "second"]
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class Waiters {
  private readonly changes = new Set<() => void>()
  private readonly turns = new Map<Ticket, () => void>()
  private called = 0

  get isEmpty(): boolean {
    return this.changes.size === 0 && this.turns.size === 0
  }

  /** Calls back once, at the next change; returns how to stop waiting. */
  add(callback: () => void): () => void {
    this.changes.add(callback)
    return () => this.changes.delete(callback)
  }

  /** The same, and also when its turn has come. */
  queue(ticket: Ticket, callback: () => void): () => void {
    this.turns.set(ticket, callback)
    return () => this.turns.delete(ticket)
  }

  /** Calls a turn at once, if more permits are free than have been called for. */
  claim(ticket: Ticket, free: number): boolean {
    if (ticket.calledBy === this) return true
    if (free <= this.called) return false
    ticket.calledBy = this
    this.called++
    return true
  }

  /** Ends a ticket, if it was called. */
  static decided(ticket: Ticket): void {
    if (ticket.calledBy !== undefined) ticket.calledBy.called--
    ticket.calledBy = undefined
  }

  wake(): void {
    const woken = [...this.changes, ...this.turns.values()]
    this.changes.clear()
    this.turns.clear()
    for (const callback of woken) callback()
  }

  wakeNext(free: number): void {
    for (const [ticket, callback] of this.turns) {
      if (!this.claim(ticket, free)) return
      this.turns.delete(ticket)
      callback()
    }
  }
}

import * as Effect from "effect/Effect"
import * as STM from "effect/STM"
import * as TRef from "effect/TRef"

/** `value` is the mirror as of `committed`, the value the TRef held then; `touched` by a transaction that may not have committed. */
interface Live<A> {
  readonly ref: TRef.TRef<A>
  committed: A
  touched: boolean
}

/**
 * Transactional state that can also be read without a transaction.
 *
 * A commit costs more than a breaker should, so what only reads takes the mirror. The TRef is made by the first transaction that is
 * composed with others: most keys never need one, and until then the mirror is the state. After that the mirror is written inside the
 * body of this ref's own transactions, which commit in the same synchronous step; a transaction composed by a user may still abort, so
 * there the mirror is only marked, and read anew by the next commit.
 */
export class MirroredRef<A> {
  protected value: A
  private live: Live<A> | undefined = undefined
  private isTelling = false

  constructor(value: A) {
    this.value = value
  }

  /** Whether the mirror may be out of date. */
  get isTouched(): boolean {
    return this.live !== undefined && this.live.touched
  }

  /** Replaces the mirror by a value that differs only in statistics; the next transaction starts from it. */
  protected note(value: A): void {
    this.value = value
  }

  /** The mirror as it is read: what a subclass keeps apart must be in it. */
  protected present(): A {
    return this.value
  }

  /** Called with every committed change, in order; what it runs on this ref itself comes next. */
  protected changed(_before: A, _after: A): void {}

  /** A change of this ref alone: a whole transaction, if there is a TRef. */
  protected commit<B>(f: (value: A) => readonly [B, A]): Effect.Effect<B> {
    return Effect.suspend(() => {
      // Who is told of a change may make the next one: a second transaction inside the first would make that start again.
      if (this.live === undefined || this.isTelling) return Effect.succeed(this.follow(f))
      return STM.commit(this.withLive((live) => TRef.modify(live.ref, (stored) => this.run(live, stored, f))))
    })
  }

  /** The same at once, with a value already known; false where a transaction is needed. */
  protected replace(value: A): boolean {
    if (this.live !== undefined) return false
    this.become(value)
    return true
  }

  /** Brings the mirror up to date; nothing where it is. */
  upToDate(): Effect.Effect<void> {
    return Effect.suspend(() => (this.isTouched ? this.commit((value) => [undefined, value]) : Effect.void))
  }

  /** For composing: reads, and gives the transaction that writes. */
  protected readSTM(): STM.STM<A> {
    return this.withLive((live) => STM.map(TRef.get(live.ref), (stored) => this.resolve(live, stored)))
  }

  protected writeSTM(value: A): STM.STM<void> {
    return this.withLive((live) => {
      live.touched = true
      return TRef.set(live.ref, value)
    })
  }

  private run<B>(live: Live<A>, stored: A, f: (value: A) => readonly [B, A]): readonly [B, A] {
    if (stored !== live.committed) {
      const before = this.present()
      this.value = stored
      live.committed = stored
      this.tell(before, stored)
    }
    live.touched = false
    const base = this.present()
    const [result, after] = f(base)
    this.value = after
    live.committed = after
    this.tell(base, after)
    return [result, after]
  }

  /** A change of the mirror alone, as by `note`. */
  private follow<B>(f: (value: A) => readonly [B, A]): B {
    const [result, after] = f(this.present())
    this.become(after)
    return result
  }

  private become(after: A): void {
    const before = this.value
    this.value = after
    this.tell(before, after)
  }

  private tell(before: A, after: A): void {
    if (after === before) return
    const isTelling = this.isTelling
    this.isTelling = true
    try {
      this.changed(before, after)
    } finally {
      this.isTelling = isTelling
    }
  }

  private resolve(live: Live<A>, stored: A): A {
    return stored === live.committed ? this.present() : stored
  }

  private withLive<B>(f: (live: Live<A>) => STM.STM<B>): STM.STM<B> {
    if (this.live !== undefined) return f(this.live)
    return STM.suspend(() => {
      if (this.live !== undefined) return f(this.live)
      const committed = this.present()
      return STM.flatMap(TRef.make(committed), (ref) => f((this.live = { ref, committed, touched: false })))
    })
  }
}

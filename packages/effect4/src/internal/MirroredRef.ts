import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as TxRef from "effect/TxRef"

type Transaction = Effect.Transaction["Service"]

/** `committed` is what the ref held when the mirror was last brought up to date. */
interface Live<A> {
  readonly ref: TxRef.TxRef<A>
  committed: A
  /** The transactions of the user's that have looked at it, those that have ended for a while too. */
  readonly readers: Set<Transaction>
  /** How many are kept before those that have ended are let go. */
  room: number
}

/** How often each was made to start again: one that itself replaces what it has looked at would for ever. */
const restarts = new WeakMap<Transaction, number>()
const mostRestarts = 16

/**
 * Whether the fiber may run a transaction of the user's: then all that is read and written must go through its journal. One forked in a
 * transaction that has ended still carries it, and `Effect.tx` gives it one of its own.
 */
export const isComposed = (fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  Context.getOrUndefined(fiber.context, Effect.Transaction) !== undefined

/** Whether the fiber runs a transaction of the user's that has not ended. */
export const isComposing: Effect.Effect<boolean> = Effect.withFiber((fiber) => {
  const carried = Context.getOrUndefined(fiber.context, Effect.Transaction)
  return carried === undefined
    ? Effect.succeed(false)
    : Effect.tx(Effect.map(Effect.Transaction, (current) => current === carried))
})

/** A part of the transaction that the fiber runs, or one of its own: then `committed` is called once that has ended. */
export const partOf = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  committed: (own: Transaction) => void
): Effect.Effect<A, E, Exclude<R, Effect.Transaction>> =>
  Effect.withFiber((fiber) => {
    const carried = Context.getOrUndefined(fiber.context, Effect.Transaction)
    let own: Transaction | undefined
    const part = Effect.flatMap(Effect.Transaction, (current) => {
      if (current !== carried) own = current
      return self
    })
    return Effect.ensuring(
      Effect.tx(part),
      Effect.sync(() => {
        if (own !== undefined) committed(own)
      })
    )
  })

/**
 * Transactional state that can also be read without a transaction.
 *
 * A commit costs more than a breaker should, so what only reads takes the mirror. Between a transaction's body and its commit the fiber
 * may yield, and after a conflict the body runs again: nothing is told there, but where a commit is next noticed, each one once and in
 * order. The ref is made by the first transaction that is composed with others: most keys never need one, and until then the mirror is
 * the state.
 */
export class MirroredRef<A extends object> {
  private mirror: A
  private live: Live<A> | undefined = undefined
  /** What changed while a change was told: on Effect 4 who is woken runs at once, in the midst of it. */
  private untold: Array<readonly [before: A, after: A]> | undefined = undefined

  private isAbandoned = false

  constructor(value: A) {
    this.mirror = value
  }

  /** The committed value, with what was noted since. */
  protected get value(): A {
    const { live } = this
    if (live !== undefined && live.ref.value !== live.committed) this.catchUp(live)
    return this.mirror
  }

  /** The same, with what a subclass keeps apart. */
  protected present(): A {
    return (this.mirror = this.gathered(this.value))
  }

  /** The mirror with what a subclass keeps apart, which is kept apart no more. */
  protected gathered(mirror: A): A {
    return mirror
  }

  /** Tells of what was committed and not told of yet, as by a transaction of the user's. */
  announce(): void {
    void this.value
  }

  /** Replaces the mirror by a value that differs only in statistics; the next transaction starts from it. */
  protected note(value: A): void {
    this.mirror = value
  }

  /** Called with every committed change, in order. */
  protected changed(_before: A, _after: A): void {}

  /** Called where a transaction of the user's may change the value: when that is committed, it must be announced. */
  protected touched(_transaction: Transaction): void {}

  /** Whether transactions of the user's that have looked at it are under way. */
  protected get isHeld(): boolean {
    return this.live !== undefined && underWay(this.live).size > 0
  }

  /** Another one takes its place: transactions under way that have looked at this one start again. */
  protected abandon(): void {
    this.isAbandoned = true
    if (this.live !== undefined) this.restart(this.live, underWay(this.live))
  }

  /** A change of this ref alone, by a transaction if there is a ref, or a part of the user's. */
  protected commit<B>(f: (value: A) => readonly [B, A]): Effect.Effect<B> {
    // Interrupted after the commit and before it is told, those who wait for it would wait on.
    return Effect.uninterruptible(
      Effect.withFiber<B>((fiber) => {
        if (isComposed(fiber)) return this.composed(f)
        const before = this.present()
        const decided = f(before)
        // To write the same value would wake whoever waits for another.
        if (decided[1] === before || this.replace(decided[1])) return Effect.succeed(decided[0])
        const live = this.enliven()
        return Effect.map(
          TxRef.modify(live.ref, (stored): [B, A] => {
            const base = this.resolve(live, stored)
            const [result, after] = base === before ? decided : f(base)
            return [result, after === base ? stored : after]
          }),
          (result) => {
            this.announce()
            return result
          }
        )
      })
    )
  }

  /** Changes it at once, to a value made of what is present; false where a transaction is needed. */
  protected replace(value: A): boolean {
    if (this.live !== undefined) return false
    const before = this.mirror
    this.mirror = value
    this.tell(before, value)
    return true
  }

  /** What `f` finds, in the transaction of the user's if there is one. */
  protected look<B>(f: (value: A) => B): Effect.Effect<B> {
    return Effect.withFiber((fiber) =>
      isComposed(fiber) ? Effect.map(this.readTx(), f) : Effect.succeed(f(this.present()))
    )
  }

  /** For composing. */
  protected readTx(): Effect.Effect<A> {
    return Effect.tx(
      Effect.flatMap(Effect.Transaction, (transaction) => {
        const live = this.enliven()
        return Effect.map(TxRef.get(live.ref), (stored) => {
          if (live.readers.size >= live.room) live.room = 2 * underWay(live).size + 2
          live.readers.add(transaction)
          // Another one may have taken its place since it was found.
          if (this.isAbandoned) this.restart(live, [transaction])
          return this.resolve(live, stored)
        })
      })
    )
  }

  protected writeTx(value: A): Effect.Effect<void> {
    return Effect.tx(
      Effect.flatMap(Effect.Transaction, (transaction) => {
        this.touched(transaction)
        return TxRef.set(this.enliven().ref, value)
      })
    )
  }

  private composed<B>(f: (value: A) => readonly [B, A]): Effect.Effect<B> {
    return partOf(
      Effect.flatMap(this.readTx(), (base) => {
        const [result, after] = f(base)
        return after === base ? Effect.succeed(result) : Effect.as(this.writeTx(after), result)
      }),
      () => this.announce()
    )
  }

  private restart(live: Live<A>, transactions: Iterable<Transaction>): void {
    const again = Array.from(transactions).filter((transaction) => (restarts.get(transaction) ?? 0) < mostRestarts)
    if (again.length === 0) return
    for (const transaction of again) restarts.set(transaction, (restarts.get(transaction) ?? 0) + 1)
    const value = { ...this.present() }
    Effect.runSync(TxRef.set(live.ref, value))
    live.committed = value
    this.mirror = value
  }

  private catchUp(live: Live<A>): void {
    const before = this.gathered(this.mirror)
    const after = live.ref.value
    live.committed = after
    this.mirror = after
    this.tell(before, after)
  }

  private tell(before: A, after: A): void {
    if (this.untold !== undefined) return void this.untold.push([before, after])
    const untold = (this.untold = [[before, after] as const])
    try {
      for (const change of untold) this.changed(...change)
    } finally {
      this.untold = undefined
    }
  }

  // What is built on a commit that was not told of yet would hide it.
  private resolve(live: Live<A>, stored: A): A {
    const present = this.present()
    return stored === live.committed ? present : stored
  }

  private enliven(): Live<A> {
    const committed = this.present()
    return (this.live ??= { ref: TxRef.makeUnsafe(committed), committed, readers: new Set(), room: 2 })
  }
}

// A transaction that has ended has an empty journal.
const underWay = <A>({ readers, ref }: Live<A>): ReadonlySet<Transaction> => {
  for (const transaction of readers) if (!transaction.journal.has(ref)) readers.delete(transaction)
  return readers
}

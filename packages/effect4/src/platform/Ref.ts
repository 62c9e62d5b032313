import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as TxRef from "effect/TxRef"

/** Which transaction of the user's it is. */
export type Transaction = Effect.Transaction["Service"]

/** What a whole transaction needs of what its body needs. */
export type Outside<R> = Exclude<R, Effect.Transaction>

/** Whether a transaction may be around any effect. */
export const isAmbient: boolean = true

/**
 * Whether the fiber may run a transaction of the user's: then all that is read and written must be a part of it. One forked in a
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

/** A part of the transaction that the fiber runs, or one of its own. */
export const atomically = <A, E, R>(
  part: (current: Transaction) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, Outside<R>> => Effect.tx(Effect.flatMap(Effect.Transaction, part))

/** The same: where it is one of its own, `committed` is called once that has ended. */
export const partOf = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  committed: (own: Transaction) => void
): Effect.Effect<A, E, Outside<R>> =>
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

/** How often each was made to start again: one that itself replaces what it has looked at would for ever. */
const restarts = new WeakMap<Transaction, number>()
const mostRestarts = 16

/** What a mirror is of, from the first transaction that is composed with others. */
export class Live<A extends object> {
  /** What the ref held when the mirror was last brought up to date. */
  committed: A
  private readonly ref: TxRef.TxRef<A>
  /** The transactions of the user's that have looked at it, those that have ended for a while too. */
  private readonly readers = new Set<Transaction>()
  /** How many are kept before those that have ended are let go. */
  private room = 2

  constructor(committed: A) {
    this.committed = committed
    this.ref = TxRef.makeUnsafe(committed)
  }

  /** The committed value. */
  get stored(): A {
    return this.ref.value
  }

  /** Whether transactions of the user's that have looked at it are under way. */
  get isHeld(): boolean {
    return this.underWay.size > 0
  }

  read(transaction: Transaction): Effect.Effect<A> {
    return Effect.map(TxRef.get(this.ref), (stored) => {
      if (this.readers.size >= this.room) this.room = 2 * this.underWay.size + 2
      this.readers.add(transaction)
      return stored
    })
  }

  write(value: A): Effect.Effect<void> {
    return TxRef.set(this.ref, value)
  }

  /** A transaction of its own. */
  modify<B>(f: (stored: A) => readonly [B, A]): Effect.Effect<B> {
    return TxRef.modify(this.ref, (stored): [B, A] => [...f(stored)])
  }

  /** Makes transactions start again that have looked at it, all or those given: it becomes a copy. */
  restart(transactions: Iterable<Transaction> | undefined, copy: () => A): void {
    const again = Array.from(transactions ?? this.underWay).filter(
      (transaction) => (restarts.get(transaction) ?? 0) < mostRestarts
    )
    if (again.length === 0) return
    for (const transaction of again) restarts.set(transaction, (restarts.get(transaction) ?? 0) + 1)
    this.committed = copy()
    Effect.runSync(TxRef.set(this.ref, this.committed))
  }

  // A transaction that has ended has an empty journal.
  private get underWay(): ReadonlySet<Transaction> {
    for (const transaction of this.readers) {
      if (!transaction.journal.has(this.ref)) this.readers.delete(transaction)
    }
    return this.readers
  }
}

import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as STM from "effect/STM"
import * as TRef from "effect/TRef"

/** Which transaction of the user's it is. Nothing tells those of Effect 3 apart, and as each runs and commits in one step nothing must. */
export type Transaction = object

const any: Transaction = {}

/** What a whole transaction needs of what its body needs. */
export type Outside<R> = R

/** Whether a transaction may be around any effect. In the body of one of Effect 3 there is none, and what it reads must not change. */
export const isAmbient: boolean = false

/** Whether the fiber may run a transaction of the user's: then all that is read and written must be a part of it. */
export const isComposed = (_fiber: Fiber.RuntimeFiber<unknown, unknown>): boolean => false

/** Whether the fiber runs a transaction of the user's that has not ended. */
export const isComposing: Effect.Effect<boolean> = Effect.succeed(false)

/** A part of the transaction it is composed with. */
export const atomically = <A, E, R>(part: (current: Transaction) => STM.STM<A, E, R>): STM.STM<A, E, R> =>
  STM.suspend(() => part(any))

/** A transaction of its own: `committed` is called once that has ended. */
export const partOf = <A, E, R>(
  self: STM.STM<A, E, R>,
  committed: (own: Transaction) => void
): Effect.Effect<A, E, Outside<R>> =>
  Effect.ensuring(
    STM.commit(self),
    Effect.sync(() => committed(any))
  )

/** What a mirror is of, from the first transaction that is composed with others. */
export class Live<A extends object> {
  /** What the ref held when the mirror was last brought up to date. */
  committed: A
  private readonly ref: TRef.TRef<A>
  private known: A
  /** Whether a transaction may have committed another value than the one known. */
  private isTouched = false

  constructor(committed: A) {
    this.committed = committed
    this.known = committed
    this.ref = Effect.runSync(STM.commit(TRef.make(committed)))
  }

  /** The committed value. Not to be asked for in a transaction, which may be about to commit another. */
  get stored(): A {
    if (this.isTouched) {
      this.isTouched = false
      this.known = Effect.runSync(STM.commit(TRef.get(this.ref)))
    }
    return this.known
  }

  /** Whether transactions of the user's that have looked at it are under way. */
  get isHeld(): boolean {
    return this.isTouched
  }

  read(_transaction: Transaction): STM.STM<A> {
    return TRef.get(this.ref)
  }

  write(value: A): STM.STM<void> {
    this.isTouched = true
    return TRef.set(this.ref, value)
  }

  /** A transaction of its own. */
  modify<B>(f: (stored: A) => readonly [B, A]): Effect.Effect<B> {
    return STM.commit(
      STM.suspend(() => {
        this.isTouched = true
        return TRef.modify(this.ref, f)
      })
    )
  }

  /** Makes transactions start again that have looked at it: those of Effect 3 are not known. */
  restart(_transactions: Iterable<Transaction> | undefined, _copy: () => A): void {}
}

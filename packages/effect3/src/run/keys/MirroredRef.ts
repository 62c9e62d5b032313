import * as Effect from "effect/Effect"
import * as STM from "effect/STM"
import { type Transaction, Live, atomically, isAmbient, isComposed, partOf } from "../../platform/Ref.ts"

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
  /** What changed while a change was told: who is told of one may make the next, in the midst of it. */
  private untold: Array<readonly [before: A, after: A]> | undefined = undefined

  private isAbandoned = false

  constructor(value: A) {
    this.mirror = value
  }

  /** The committed value, with what was noted since. */
  protected get value(): A {
    const { live } = this
    if (live !== undefined && live.stored !== live.committed) this.catchUp(live)
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
    return this.live !== undefined && this.live.isHeld
  }

  /** Another one takes its place: transactions under way that have looked at this one start again. */
  protected abandon(): void {
    this.isAbandoned = true
    this.live?.restart(undefined, () => this.copied())
  }

  /** A change of this ref alone, by a transaction if there is a ref, or a part of the user's. */
  protected commit<B>(f: (value: A) => readonly [B, A]): Effect.Effect<B> {
    return Effect.withFiberRuntime<B>((fiber) => {
      // Interrupted after the commit and before it is told, those who wait for it would wait on.
      if (isComposed(fiber)) return Effect.uninterruptible(partOf(this.changeTx(f), () => this.announce()))
      const before = this.present()
      const decided = f(before)
      // To write the same value would wake whoever waits for another.
      if (decided[1] === before || this.replace(decided[1])) return Effect.succeed(decided[0])
      const live = this.enliven()
      return Effect.uninterruptible(
        Effect.map(
          live.modify((stored): readonly [B, A] => {
            const base = this.resolve(live, stored)
            const [result, after] = base === before ? decided : f(base)
            return [result, after === base ? stored : after]
          }),
          (result) => {
            this.announce()
            return result
          }
        )
      )
    })
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
    return Effect.withFiberRuntime((fiber) =>
      isComposed(fiber) ? partOf(STM.map(this.readTx(), f), () => this.announce()) : Effect.succeed(f(this.present()))
    )
  }

  /** For composing. */
  protected readTx(): STM.STM<A> {
    return atomically((transaction) => {
      const live = this.enliven()
      return STM.map(live.read(transaction), (stored) => {
        // Another one may have taken its place since it was found.
        if (this.isAbandoned) live.restart([transaction], () => this.copied())
        return this.resolve(live, stored)
      })
    })
  }

  /** For composing. */
  protected writeTx(value: A): STM.STM<void> {
    return atomically((transaction) => {
      this.touched(transaction)
      return this.enliven().write(value)
    })
  }

  /** For composing. */
  protected changeTx<B>(f: (value: A) => readonly [B, A]): STM.STM<B> {
    return atomically(() =>
      STM.flatMap(this.readTx(), (base) => {
        const [result, after] = f(base)
        return after === base ? STM.succeed(result) : STM.as(this.writeTx(after), result)
      })
    )
  }

  private copied(): A {
    return (this.mirror = { ...this.present() })
  }

  private catchUp(live: Live<A>): void {
    const before = this.gathered(this.mirror)
    const after = live.stored
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

  private resolve(live: Live<A>, stored: A): A {
    // What is built on a commit that was not told of yet would hide it.
    if (isAmbient) this.announce()
    return stored === live.committed ? (this.mirror = this.gathered(this.mirror)) : stored
  }

  private enliven(): Live<A> {
    return (this.live ??= new Live(this.present()))
  }
}

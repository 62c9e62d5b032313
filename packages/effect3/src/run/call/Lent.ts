import type { Circuit } from "@truce/core"
import type * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Reference from "../../platform/Reference.ts"
import type { Blame, Entry } from "../keys/Entry.ts"
import { type Admission, type Permit, entryOf, toPermit } from "../keys/transaction.ts"

/**
 * The permit of a probe, which the attempts made inside of it may run under, on its fiber or on those it forks: one of them takes it over
 * and is settled in its place.
 */
export class Lent {
  readonly entry: Entry
  readonly permit: Circuit.Permit
  /** That of the probe around this one. */
  private readonly outer: Lent | undefined
  private isOver = false
  isTaken = false

  constructor(entry: Entry, permit: Circuit.Permit, outer: Lent | undefined) {
    this.entry = entry
    this.permit = permit
    this.outer = outer
  }

  /** The innermost one of this circuit that can be had. */
  static of(fiber: Fiber.RuntimeFiber<unknown, unknown>, entry: Entry): Lent | undefined {
    let lent = fiber.getFiberRef(current)
    while (lent !== undefined && (lent.entry !== entry || lent.isTaken || lent.isOver)) lent = lent.outer
    return lent
  }

  /** Lends the permit to what is made inside. */
  static around<A, E, R>(lent: Lent, self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.locally(self, current, lent)
  }

  /** Whether it was to be had, and now is not any more. */
  take(): boolean {
    if (this.isTaken || this.isOver) return false
    this.isTaken = true
    return true
  }

  /** What took it has not been admitted. */
  giveBack(): void {
    this.isTaken = false
  }

  /** The probe has ended, and what it left running has nothing to take; whether it still has something to say itself. */
  end(): boolean {
    this.isOver = true
    return !this.isTaken
  }
}

/** What probes of the fiber, and of those around it, lend. */
export const current: Reference.Reference<Lent | undefined> = Reference.make<Lent | undefined>(
  "@truce/effect3/Lent",
  () => undefined
)

/** Asks for an attempt under several circuits, as `admit` does for those of which nothing is lent. */
export const admittedByAll = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  entries: ReadonlyArray<Entry>,
  now: number,
  admit: (keys: Arr.NonEmptyReadonlyArray<string>) => Effect.Effect<Admission>
): Effect.Effect<Admission> => {
  const outer = fiber.getFiberRef(current)
  const lents = outer === undefined ? [] : entries.flatMap((entry) => [Lent.of(fiber, entry) ?? []].flat())
  return Effect.flatMap(
    Effect.forEach(lents, ({ entry, permit }) => entry.holds(permit, now)),
    (held) => {
      const taken = lents.filter((lent, index) => held[index] === true && lent.take())
      const own = taken.map(({ entry, permit }) => toPermit(entry, permit))
      const [first, ...rest] = entries
        .filter((entry) => taken.every((lent) => lent.entry !== entry))
        .map(({ key }) => key)
      if (first === undefined) return Effect.succeed<Admission>({ _tag: "Admitted", permits: own })
      return Effect.map(admit([first, ...rest]), (admission): Admission => {
        if (admission._tag === "Admitted") return { ...admission, permits: [...own, ...admission.permits] }
        for (const lent of taken) lent.giveBack()
        return admission
      })
    }
  )
}

/** What the probes among the permits lend to what is made inside of them. */
export const lentBy = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  permits: ReadonlyArray<Permit>
): ReadonlyMap<Permit, Lent> => {
  const lents = new Map<Permit, Lent>()
  let outer = fiber.getFiberRef(current)
  for (const one of permits) {
    if (!one.probe) continue
    const { entry, permit } = one[entryOf]
    outer = new Lent(entry, permit, outer)
    lents.set(one, outer)
  }
  return lents
}

/** Tells the circuits of the permits what the attempt ended by. */
export const blame = (permits: ReadonlyArray<Permit>, what: Blame): void => {
  for (const { [entryOf]: of } of permits) of.entry.blame(of.permit, what)
}

/** Asks for an attempt, under a permit that is lent if it still holds. */
export const admitted = (entry: Entry, lent: Lent | undefined, now: number): Effect.Effect<Circuit.Decision> =>
  lent === undefined
    ? entry.admit(now)
    : Effect.flatMap(entry.holds(lent.permit, now), (isHeld) =>
        isHeld && lent.take() ? Effect.succeed({ _tag: "Admitted", permit: lent.permit }) : entry.admit(now)
      )

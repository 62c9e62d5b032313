/**
 * Which keys are kept, and which are forgotten where there are too many.
 *
 * @since 0.1.0
 */

/**
 * How long keys are kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lifetime {
  /** More than so many are only kept where none can be forgotten. */
  readonly maxKeys: number
  /** A key that was not used for so long is forgotten when another is added, in ms. */
  readonly ttlMillis: number
}

/**
 * What is kept of a key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Kept {
  readonly key: string
  /** When it was last of use, in whole seconds. */
  readonly usedAt: number
  /** Whether nothing would be lost with it that anybody waits for. */
  readonly isIdle: () => boolean
  /** Whether its open time ended before that, and nobody asked since. */
  readonly isSpent: (before: number) => boolean
  /** Whether it remembers failures. */
  readonly isFailing: (now: number) => boolean
  /** It is forgotten, or another one takes its place. */
  readonly retire: () => void
}

/** Looked at when a key is added: the cost of an insertion does not grow with the number of keys. */
const looks = 16

/**
 * The keys that are kept.
 *
 * **Example** (Room for two)
 *
 * ```ts
 * import { Registry } from "@truce/core"
 *
 * const idle = { isIdle: () => true, isSpent: () => false, isFailing: () => false, retire: () => {} }
 * const registry = new Registry.Registry({ maxKeys: 2, ttlMillis: 60_000 })
 * for (const [usedAt, key] of ["a", "b", "c"].entries()) registry.add({ key, usedAt, ...idle }, 3_000)
 * registry.all().map(({ key }) => key) // => ["b", "c"]
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export class Registry<K extends Kept> {
  private lifetime: Lifetime
  private readonly kept = new Map<string, K>()
  private hand = this.kept.values()

  constructor(lifetime: Lifetime) {
    this.lifetime = lifetime
  }

  get(key: string): K | undefined {
    return this.kept.get(key)
  }

  all(): ReadonlyArray<K> {
    return [...this.kept.values()]
  }

  /** Another lifetime, from the next insertion on. */
  keep(lifetime: Lifetime): void {
    this.lifetime = lifetime
  }

  /** Makes room, and adds: in the place of what there was of the key. */
  add(one: K, now: number): void {
    this.sweep(now)
    const replaced = this.kept.get(one.key)
    this.kept.set(one.key, one)
    replaced?.retire()
  }

  private sweep(now: number): void {
    const { kept, lifetime } = this
    const dead = Math.floor((now - lifetime.ttlMillis) / 1_000)
    const idle: Array<K> = []
    for (let looked = Math.min(looks, kept.size); looked > 0; looked--) {
      const one = this.next()
      if (one === undefined) break
      if (one.isIdle() && one.usedAt < dead) this.drop(one)
      // An open circuit is not forgotten, unless there is no room and nobody has asked for it in a long time.
      else if (one.isIdle() || one.isSpent(now - lifetime.ttlMillis)) idle.push(one)
    }
    if (kept.size < lifetime.maxKeys) return
    // More than one may go: where nothing was idle for a while there are too many. What is failing goes last: forgotten, it would begin
    // again with a score of 1, and never open.
    const ranked = idle.map((one) => ({ one, isFailing: one.isFailing(now) }))
    ranked.sort((left, right) => Number(left.isFailing) - Number(right.isFailing) || left.one.usedAt - right.one.usedAt)
    for (const { one } of ranked.slice(0, kept.size - lifetime.maxKeys + 1)) this.drop(one)
  }

  /** The one that the hand points at, round and round. */
  private next(): K | undefined {
    const next = this.hand.next()
    if (next.done !== true) return next.value
    this.hand = this.kept.values()
    return this.hand.next().value
  }

  private drop(one: K): void {
    this.kept.delete(one.key)
    one.retire()
  }
}

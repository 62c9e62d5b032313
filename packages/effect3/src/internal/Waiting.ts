/** Who waits for one key: a change calls everybody, a permit that comes free only the one who has waited longest for it. */
export class Waiting {
  private readonly changes = new Set<() => void>()
  private readonly turns = new Set<() => void>()

  get isEmpty(): boolean {
    return this.changes.size === 0 && this.turns.size === 0
  }

  /** Calls back once; returns how to stop waiting. */
  add(callback: () => void, forPermit: boolean): () => void {
    const queue = forPermit ? this.turns : this.changes
    queue.add(callback)
    return () => queue.delete(callback)
  }

  wake(): void {
    const called = [...this.changes, ...this.turns]
    this.changes.clear()
    this.turns.clear()
    for (const callback of called) callback()
  }

  wakeNext(): void {
    const [next] = this.turns
    if (next === undefined) return
    this.turns.delete(next)
    next()
  }
}

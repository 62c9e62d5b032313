/** What happens next: a binary heap of moments. Equal times leave in the order they came. */

/** Anything that waits for one moment at a time. */
export interface Moment {
  at: number
  order: number
}

export interface EventQueue<A extends Moment> {
  readonly size: () => number
  readonly push: (moment: A, at: number) => void
  /** The earliest, or `undefined` when nothing waits. */
  readonly pop: () => A | undefined
}

export const make = <A extends Moment>(): EventQueue<A> => {
  const heap: Array<A> = []
  let pushed = 0

  const sinkFrom = (moment: A, from: number): void => {
    const size = heap.length
    let hole = from
    for (;;) {
      const left = 2 * hole + 1
      let child = heap[left]
      if (child === undefined) break
      let index = left
      const right = left + 1 < size ? heap[left + 1] : undefined
      if (right !== undefined && isBefore(right, child)) {
        child = right
        index = left + 1
      }
      if (!isBefore(child, moment)) break
      heap[hole] = child
      hole = index
    }
    heap[hole] = moment
  }

  return {
    size: () => heap.length,
    push: (moment, at) => {
      moment.at = at
      moment.order = pushed++
      let hole = heap.length
      while (hole > 0) {
        const above = (hole - 1) >>> 1
        const parent = heap[above]
        if (parent === undefined || !isBefore(moment, parent)) break
        heap[hole] = parent
        hole = above
      }
      heap[hole] = moment
    },
    pop: () => {
      const first = heap[0]
      const last = heap.pop()
      if (first !== undefined && last !== undefined && last !== first) sinkFrom(last, 0)
      return first
    }
  }
}

const isBefore = (self: Moment, that: Moment): boolean =>
  self.at < that.at || (self.at === that.at && self.order < that.order)

/** What happens next: a heap of moments. Equal times leave in the order they came. */

export interface EventQueue<A> {
  readonly size: () => number
  readonly push: (item: A, at: number) => void
  /** The same for an item of which one waits at a time, as the next arrival does: it is kept beside the heap. Throws where one does. */
  readonly hold: (item: A, at: number) => void
  /** Takes the earliest out; `undefined` when nothing waits. */
  readonly pop: () => A | undefined
  /** The time of what was popped last. */
  readonly now: () => number
}

/** Children of a node: four are as many comparisons as two on half as many levels. */
const arity = 4

export const make = <A>(): EventQueue<A> => {
  // The keys are apart from the items: comparing then touches two arrays of numbers and no object.
  let times = new Float64Array(256)
  let orders = new Float64Array(256)
  const items: Array<A> = []
  let pushed = 0
  let now = 0
  /** What was popped last left its place at the top open: what is pushed next, as is usual, takes it without a way down and up. */
  let isOpen = false
  const held: { item: A | undefined; at: number; order: number } = { item: undefined, at: 0, order: 0 }

  const grow = (): void => {
    const [wideTimes, wideOrders] = [new Float64Array(2 * times.length), new Float64Array(2 * times.length)]
    wideTimes.set(times)
    wideOrders.set(orders)
    times = wideTimes
    orders = wideOrders
  }

  /** Puts an item into the open place at the top, among `size` with it. */
  const sink = (item: A, at: number, order: number, size: number): void => {
    let hole = 0
    for (;;) {
      const first = arity * hole + 1
      if (first >= size) break
      const end = Math.min(first + arity, size)
      let child = first
      let time = times[first] ?? 0
      for (let other = first + 1; other < end; other++) {
        const otherTime = times[other] ?? 0
        if (otherTime < time || (otherTime === time && (orders[other] ?? 0) < (orders[child] ?? 0))) {
          child = other
          time = otherTime
        }
      }
      if (time > at || (time === at && (orders[child] ?? 0) > order)) break
      const above = items[child]
      if (above === undefined) break
      times[hole] = time
      orders[hole] = orders[child] ?? 0
      items[hole] = above
      hole = child
    }
    times[hole] = at
    orders[hole] = order
    items[hole] = item
  }

  /** Closes the place at the top with the last item. */
  const close = (): void => {
    isOpen = false
    const size = items.length - 1
    const last = items.pop()
    if (size > 0 && last !== undefined) sink(last, times[size] ?? 0, orders[size] ?? 0, size)
  }

  return {
    size: () => items.length - (isOpen ? 1 : 0) + (held.item === undefined ? 0 : 1),
    now: () => now,
    push: (item, at) => {
      if (isOpen) {
        isOpen = false
        sink(item, at, pushed++, items.length)
        return
      }
      let hole = items.length
      if (hole === times.length) grow()
      while (hole > 0) {
        const above = Math.floor((hole - 1) / arity)
        const time = times[above] ?? 0
        const parent = items[above]
        // What is pushed is the youngest: of equal times it comes last.
        if (time <= at || parent === undefined) break
        times[hole] = time
        orders[hole] = orders[above] ?? 0
        items[hole] = parent
        hole = above
      }
      times[hole] = at
      orders[hole] = pushed++
      items[hole] = item
    },
    hold: (item, at) => {
      if (held.item !== undefined) throw new Error("EventQueue.hold: one is held already")
      held.item = item
      held.at = at
      held.order = pushed++
    },
    pop: () => {
      if (isOpen) close()
      const first = items[0]
      const aside = held.item
      if (aside !== undefined) {
        const time = times[0] ?? 0
        if (first === undefined || held.at < time || (held.at === time && held.order < (orders[0] ?? 0))) {
          held.item = undefined
          now = held.at
          return aside
        }
      }
      if (first === undefined) return undefined
      now = times[0] ?? 0
      isOpen = true
      return first
    }
  }
}

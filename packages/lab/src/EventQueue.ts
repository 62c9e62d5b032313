/** What happens next: a binary heap of moments. Equal times leave in the order they came. */

export interface EventQueue<A> {
  readonly size: () => number
  readonly push: (item: A, at: number) => void
  /** Takes the earliest out; `undefined` when nothing waits. */
  readonly pop: () => A | undefined
  /** The time of what was popped last. */
  readonly now: () => number
}

export const make = <A>(): EventQueue<A> => {
  // The keys are apart from the items: comparing then touches two arrays of numbers and no object.
  let times = new Float64Array(256)
  let orders = new Float64Array(256)
  const items: Array<A> = []
  let pushed = 0
  let now = 0

  const grow = (): void => {
    const [wideTimes, wideOrders] = [new Float64Array(2 * times.length), new Float64Array(2 * times.length)]
    wideTimes.set(times)
    wideOrders.set(orders)
    times = wideTimes
    orders = wideOrders
  }

  /** Puts an item into the hole at the top. */
  const sink = (item: A, at: number, order: number, size: number): void => {
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= size) break
      let time = times[child] ?? 0
      const right = child + 1
      if (right < size) {
        const other = times[right] ?? 0
        if (other < time || (other === time && (orders[right] ?? 0) < (orders[child] ?? 0))) {
          child = right
          time = other
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

  return {
    size: () => items.length,
    now: () => now,
    push: (item, at) => {
      let hole = items.length
      if (hole === times.length) grow()
      while (hole > 0) {
        const above = (hole - 1) >>> 1
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
    pop: () => {
      const first = items[0]
      if (first === undefined) return undefined
      now = times[0] ?? 0
      const size = items.length - 1
      const last = items.pop()
      if (size > 0 && last !== undefined) sink(last, times[size] ?? 0, orders[size] ?? 0, size)
      return first
    }
  }
}

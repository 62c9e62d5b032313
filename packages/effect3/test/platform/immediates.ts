// For each sleep that it wakes Effect's test clock lets four timers of no time pass, to see that all fibers wait. A timer takes a
// millisecond at least; an immediate lets as much happen before it, and takes next to nothing.
const known = Symbol.for("truce/test/immediates")
const { clearImmediate, clearTimeout, setImmediate, setTimeout } = globalThis

if (!(known in setTimeout)) {
  const immediates = new WeakSet<object>()
  const isImmediate = (timer: unknown): timer is NodeJS.Immediate =>
    typeof timer === "object" && timer !== null && immediates.has(timer)

  const set = (run: (...args: ReadonlyArray<unknown>) => void, delay?: number, ...args: ReadonlyArray<unknown>) => {
    if (delay !== 0) return setTimeout(run, delay, ...args)
    const immediate = setImmediate(run, ...args)
    immediates.add(immediate)
    return immediate
  }
  const clear = (timer?: NodeJS.Timeout | NodeJS.Immediate | string | number) =>
    isImmediate(timer) ? clearImmediate(timer) : clearTimeout(timer)

  Object.defineProperties(set, { ...Object.getOwnPropertyDescriptors(setTimeout), [known]: { value: true } })
  Object.defineProperty(globalThis, "setTimeout", { configurable: true, writable: true, value: set })
  Object.defineProperty(globalThis, "clearTimeout", { configurable: true, writable: true, value: clear })
}

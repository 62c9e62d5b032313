/**
 * The service as the attempts meet it: first come, first served, by a fixed number of servers.
 *
 * In such a queue the finish of an attempt is known when it arrives (Kiefer and Wolfowitz, 1955), so an attempt is one event.
 */
import { Outcome } from "@truce/core"
import * as Random from "./Random.ts"
import * as Timeline from "./Timeline.ts"
import type { Latency, World } from "./World.ts"

/** How an attempt that is sent now will end for its caller. */
export interface Reply {
  readonly afterMillis: number
  readonly outcome: Outcome.Outcome
}

export interface Dependency {
  readonly send: (call: number, attempt: number, partition: number, now: number, process?: number) => Reply
}

const failure = Outcome.failure()
const overloaded = Outcome.failure({ saturated: true })

export const make = (
  world: World,
  patience: { readonly timeoutMillis: number; readonly slowAfterMillis: number },
  seed: number
): Dependency => {
  const { service } = world
  const { slowAfterMillis, timeoutMillis } = patience
  const count = world.partitions?.count ?? 1
  const own = world.partitions?.servers === "each"
  const queues = Array.from({ length: own ? count : 1 }, () => servers(service.servers, service.queue))
  // One for all processes, unless there is a fault of one of them alone.
  const meeting = world.faults.some(({ process }) => process !== undefined) ? (world.processes ?? 1) : 1
  const timelines = Array.from({ length: count * meeting }, (_, index) =>
    Timeline.make(world.faults, index % count, Math.floor(index / count))
  )
  const caches = Array.from({ length: count }, () => ({ cold: 0, filled: 0 }))
  const latency = sampler(service.latency, Random.uniform(seed, "latency"))
  const errors = Random.uniform(seed, "errors")
  const poison = Random.uniform(seed, "poison")
  const at = <A>(list: ReadonlyArray<A>, index: number): A => {
    const found = list[index]
    if (found === undefined) throw new Error(`no partition ${index}`)
    return found
  }
  const timedOut: Reply = { afterMillis: timeoutMillis, outcome: overloaded }
  const refused: Reply = { afterMillis: service.failureMillis, outcome: failure }
  const full: Reply = { afterMillis: service.failureMillis, outcome: overloaded }

  return {
    send: (call, attempt, partition, now, process = 0) => {
      const timeline = at(timelines, meeting === 1 ? partition : process * count + partition)
      const weather = timeline.at(now)
      if (weather.refused) return refused
      if (weather.hung) return timedOut
      const queue = at(queues, own ? partition : 0)
      if (queue.isFull(now)) return full
      const start = queue.start(now)
      const ahead = start < weather.untilMillis ? weather : timeline.ahead(start)
      const cache = at(caches, partition)
      if (cache.cold !== ahead.cold) {
        cache.cold = ahead.cold
        cache.filled = 0
      }
      const missing = Math.max(0, 1 - cache.filled / ahead.coldFills)
      const factor = ahead.latencyFactor * (ahead.cold === 0 ? 1 : 1 + (ahead.coldFactor - 1) * missing)
      const finish = start + latency(call, attempt) * factor
      // The server does not know that the caller has gone: the work is done all the same.
      queue.take(start, finish)
      const took = finish - now
      if (took > timeoutMillis) return timedOut
      // What is thrown away fills no cache.
      if (ahead.cold !== 0) cache.filled++
      const failed =
        (weather.errorShare > 0 && errors(call, attempt) < weather.errorShare) ||
        (weather.poisonShare > 0 && poison(call) < weather.poisonShare)
      return { afterMillis: took, outcome: Outcome.timed(failed ? failure : Outcome.success, took, slowAfterMillis) }
    }
  }
}

interface Servers {
  readonly isFull: (now: number) => boolean
  /** When an attempt that arrives now is begun. */
  readonly start: (now: number) => number
  /** Gives the first free server work from `start` to `finish`. */
  readonly take: (start: number, finish: number) => void
}

const servers = (count: number | null, capacity: number): Servers => {
  if (count === null) return { isFull: () => false, start: (now) => now, take: () => undefined }
  // A heap: the server that is free first on top.
  const free = new Float64Array(count)
  // Attempts are begun in the order they came, so those that wait are a ring of rising starts.
  const waiting = new Float64Array(capacity)
  let head = 0
  let length = 0
  return {
    isFull: (now) => {
      while (length > 0 && (waiting[head] ?? 0) <= now) {
        head = head + 1 === capacity ? 0 : head + 1
        length--
      }
      return length >= capacity && (free[0] ?? 0) > now
    },
    start: (now) => Math.max(now, free[0] ?? 0),
    take: (start, finish) => {
      if ((free[0] ?? 0) === start && capacity > 0 && length < capacity) {
        waiting[(head + length) % capacity] = start
        length++
      }
      let hole = 0
      for (;;) {
        let child = 2 * hole + 1
        if (child >= count) break
        let time = free[child] ?? 0
        const other = child + 1 < count ? (free[child + 1] ?? 0) : Infinity
        if (other < time) {
          child++
          time = other
        }
        if (time >= finish) break
        free[hole] = time
        hole = child
      }
      free[hole] = finish
    }
  }
}

const sampler = (latency: Latency, draw: Random.Draws): ((call: number, attempt: number) => number) => {
  const { meanMillis } = latency
  switch (latency._tag) {
    case "Constant":
      return () => meanMillis
    case "Exponential":
      return (call, attempt) => meanMillis * Random.exponential(draw(call, attempt))
    case "LogNormal": {
      const mu = Math.log(meanMillis) - latency.sigma ** 2 / 2
      return (call, attempt) => {
        const radius = Math.sqrt(2 * Random.exponential(draw(call, attempt)))
        const angle = 2 * Math.PI * draw(call, attempt + 0x10000)
        return Math.exp(mu + latency.sigma * radius * Math.cos(angle))
      }
    }
    case "Pareto": {
      if (!(latency.shape > 1))
        throw new RangeError(`Latency.Pareto: shape must be greater than 1, got ${latency.shape}`)
      const scale = (meanMillis * (latency.shape - 1)) / latency.shape
      return (call, attempt) => scale * (1 - draw(call, attempt)) ** (-1 / latency.shape)
    }
  }
}

/**
 * Scenarios by name.
 *
 * Unless one says otherwise: Poisson arrivals, 30 s of peace, 60 s of fault, 60 s after it; a service of 20 ms (exponential) at 30 % load
 * with a queue of 5 s of its capacity; 3 attempts with the default backoff and a timeout of 1 s.
 */
import type { Scenario } from "./Scenario.ts"
import * as World from "./World.ts"

const usualPeaceMillis = 30_000

interface Options {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly perSecond: number
  readonly faults: (fromMillis: number, untilMillis: number) => ReadonlyArray<World.Fault>
  /** Before the fault. Default: 30 000. */
  readonly peaceMillis?: number
  readonly faultMillis?: number
  readonly afterMillis?: number
  /** Share of the capacity that the calls take without a retry. Default: 0.3. */
  readonly utilisation?: number
  readonly timeoutMillis?: number
  readonly arrivals?: World.Arrivals
  readonly latency?: World.Latency
  readonly world?: Pick<World.World, "impatience" | "partitions" | "processes">
}

const meanMillis = 20

/** A scenario whose fault can last longer or shorter. */
export type Lasting = (faultMillis?: number) => Scenario

const faulted =
  (options: Options): Lasting =>
  (faultMillis = options.faultMillis ?? 60_000) => {
    const { afterMillis = 60_000, peaceMillis = usualPeaceMillis, perSecond, utilisation = 0.3 } = options
    const fromMillis = peaceMillis
    const untilMillis = fromMillis + faultMillis
    const capacity = perSecond / utilisation
    const servers = Math.max(1, Math.round((capacity * meanMillis) / 1_000))
    return {
      name: options.name,
      title: options.title,
      description: options.description,
      durationMillis: untilMillis + afterMillis,
      timeoutMillis: options.timeoutMillis ?? 1_000,
      fault: { fromMillis, untilMillis },
      world: {
        arrivals: options.arrivals ?? { _tag: "Poisson", perSecond },
        service: {
          latency: options.latency ?? { _tag: "Exponential", meanMillis },
          servers,
          queue: Math.ceil((5_000 * servers) / meanMillis),
          failureMillis: 2
        },
        faults: options.faults(fromMillis, untilMillis),
        ...options.world
      }
    }
  }

const brownout = (share: number) => (from: number, until: number) => World.brownout(share, from, until)

export const outageAt = (perSecond: number): Lasting =>
  faulted({
    name: `outage-${perSecond}`,
    title: `Outage at ${perSecond} calls a second`,
    description: "Every attempt is refused at once.",
    perSecond,
    faults: World.outage
  })

/** One call a minute, exactly: nothing in it is random but the backoff. */
export const outageByTheMinute: Scenario = {
  name: "outage-by-the-minute",
  title: "Outage of an hour at one call a minute",
  description: "Every attempt is refused at once; 60 calls.",
  durationMillis: 7_800_000,
  timeoutMillis: 1_000,
  fault: { fromMillis: 3_600_000, untilMillis: 7_200_000 },
  world: {
    arrivals: { _tag: "Constant", perSecond: 1 / 60 },
    service: { latency: { _tag: "Constant", meanMillis }, servers: null, queue: 0, failureMillis: 2 },
    faults: World.outage(3_600_000, 7_200_000)
  }
}

export const blackhole = faulted({
  name: "blackhole",
  title: "Blackhole at 100 calls a second",
  description: "No attempt is ever answered: each costs its timeout.",
  perSecond: 100,
  faults: World.blackhole
})

export const latencySpike = faulted({
  name: "latency-spike",
  title: "Latency 60 times as long",
  description: "The service takes 1.2 s where it took 20 ms, and its queue fills.",
  perSecond: 100,
  faults: (from, until) => World.latencySpike(60, from, until)
})

export const brownoutAt = (percent: number, perSecond: number): Lasting =>
  faulted({
    name: `brownout-${percent}-${perSecond}`,
    title: `${percent} % errors at ${perSecond} calls a second`,
    description: "Each attempt fails with this probability, whatever came before.",
    perSecond,
    faults: brownout(percent / 100)
  })

export const brownoutAt80 = faulted({
  name: "brownout-busy",
  title: "30 % errors at 80 % utilisation",
  description: "There is no room for the retries: 400 calls a second of 500.",
  perSecond: 400,
  utilisation: 0.8,
  faults: brownout(0.3)
})

export const brownoutAt50 = faulted({
  name: "brownout-half-busy",
  title: "50 % errors at 50 % utilisation",
  description: "There is just room for the retries: 1 000 calls a second of 2 000.",
  perSecond: 1_000,
  utilisation: 0.5,
  faultMillis: 30_000,
  faults: brownout(0.5)
})

export const poison = faulted({
  name: "poison",
  title: "20 % poison calls",
  description: "One call of five fails whatever is tried; nothing is wrong with the service.",
  perSecond: 10,
  faultMillis: 200_000,
  faults: (from, until) => World.poison(0.2, from, until)
})

export const metastable = faulted({
  name: "metastable",
  title: "Metastable load",
  description: "At 50 % load the service is 10 times as slow for 10 s; then only the retries keep it down.",
  perSecond: 250,
  utilisation: 0.5,
  faultMillis: 10_000,
  afterMillis: 120_000,
  faults: (from, until) => World.latencySpike(10, from, until)
})

export const coldCache = faulted({
  name: "cold-cache",
  title: "Cold cache after an outage",
  description: "After 10 s of outage each answer takes 10 times as long, until 1 000 were served in time.",
  perSecond: 100,
  faultMillis: 10_000,
  afterMillis: 120_000,
  faults: (from, until) => [
    ...World.outage(from, until),
    { fromMillis: until, untilMillis: until, effect: { _tag: "ColdCache", factor: 10, fills: 1_000 } }
  ]
})

export const overload = faulted({
  name: "overload",
  title: "Overload of 120 %",
  description: "Four times the calls for 30 s, a fifth more than the service can answer; timeout 500 ms.",
  perSecond: 150,
  faultMillis: 30_000,
  timeoutMillis: 500,
  faults: (from, until) => World.surge(4, from, until)
})

export const flapping = faulted({
  name: "flapping",
  title: "Flapping, 5 s down and 5 s up",
  description: "Up half of the time.",
  perSecond: 100,
  faults: (from, until) => World.flapping(5_000, 5_000, from, until)
})

/** The window is the first second; the blip is shorter. */
export const blip = (blipMillis: number, perSecond: number): Scenario =>
  faulted({
    name: `blip-${blipMillis}-${perSecond}`,
    title: `Blip of ${blipMillis} ms at ${perSecond} calls a second`,
    description: "Every attempt is refused for a moment.",
    perSecond,
    faultMillis: 1_000,
    afterMillis: 30_000,
    faults: (from) => World.outage(from, from + blipMillis)
  })()

/** Callers that share one circuit and wait for their answers, 50 s of fault. */
export const closedLoop = (callers: number, kind: "outage" | "blackhole"): Scenario => ({
  name: `closed-loop-${callers}-${kind}`,
  title: `${callers} callers in a loop, ${kind}`,
  description: "Each waits for its answer, thinks for 50 ms, and calls again.",
  durationMillis: 120_000,
  timeoutMillis: 1_000,
  fault: { fromMillis: usualPeaceMillis, untilMillis: usualPeaceMillis + 50_000 },
  world: {
    arrivals: { _tag: "ClosedLoop", callers, thinkMillis: 50 },
    service: { latency: { _tag: "Exponential", meanMillis }, servers: null, queue: 0, failureMillis: 2 },
    faults: (kind === "outage" ? World.outage : World.blackhole)(usualPeaceMillis, usualPeaceMillis + 50_000)
  }
})

const shards = (circuits: "one" | "each"): Lasting =>
  faulted({
    name: `bad-shard-${circuits === "one" ? "shared" : "own"}-circuit`,
    title: `One bad shard of ten, ${circuits === "one" ? "one circuit for all" : "a circuit for each"}`,
    description: "One shard refuses everything.",
    perSecond: 100,
    faults: (from, until) => World.onlyIn(0, World.outage(from, until)),
    world: { partitions: { count: 10, circuits, servers: "shared" } }
  })

export const badShardShared = shards("one")
export const badShardOwn = shards("each")

export const badTenant = faulted({
  name: "bad-tenant",
  title: "One bad tenant of twenty",
  description: "All calls of one tenant fail after they were served; one circuit for all.",
  perSecond: 100,
  faults: (from, until) => World.onlyIn(3, World.brownout(1, from, until)),
  world: { partitions: { count: 20, circuits: "one", servers: "shared" } }
})

export const processes = faulted({
  name: "outage-20-processes",
  title: "Outage seen by 20 processes",
  description: "100 calls a second over 20 processes.",
  perSecond: 100,
  faults: World.outage,
  world: { processes: 20 }
})

/** 20 calls a minute in all: each process sees too few to judge by. */
export const processesByTheMinute = faulted({
  name: "outage-20-processes-by-the-minute",
  title: "Outage seen by 20 processes with a call a minute each",
  description: "Every attempt is refused at once, for half an hour; 20 calls a minute over 20 processes.",
  perSecond: 20 / 60,
  peaceMillis: 1_800_000,
  faultMillis: 1_800_000,
  faults: World.outage,
  world: { processes: 20 }
})

const brokenProcess = (processes: number) =>
  faulted({
    name: `broken-process-of-${processes}`,
    title: `One broken process of ${processes}`,
    description: `Every attempt of the first process is refused; 100 calls a second over ${processes} processes.`,
    perSecond: 100,
    faults: (from, until) => World.onlyFrom(0, World.outage(from, until)),
    world: { processes }
  })

export const brokenProcessOf20 = brokenProcess(20)
export const brokenProcessOf2 = brokenProcess(2)

const tail = { _tag: "Pareto", meanMillis, shape: 1.8 } as const

export const heavyTailedBrownout = faulted({
  name: "brownout-50-heavy-tail",
  title: "50 % errors, heavy-tailed latency",
  description: "Pareto latency of shape 1.8: now and then an attempt times out by itself.",
  perSecond: 100,
  latency: tail,
  faults: brownout(0.5)
})

export const heavyTailedOutage = faulted({
  name: "outage-100-heavy-tail",
  title: "Outage, heavy-tailed latency",
  description: "Pareto latency of shape 1.8 before and after.",
  perSecond: 100,
  latency: tail,
  faults: World.outage
})

const bursts = { _tag: "Bursty", perSecond: 100, onMillis: 200, offMillis: 800 } as const

export const burstyBrownout = faulted({
  name: "brownout-50-bursty",
  title: "50 % errors, bursty arrivals",
  description: "500 calls a second a fifth of the time, none in between.",
  perSecond: 100,
  utilisation: 0.15,
  arrivals: bursts,
  faults: brownout(0.5)
})

export const burstyOutage = faulted({
  name: "outage-100-bursty",
  title: "Outage, bursty arrivals",
  description: "500 calls a second a fifth of the time, none in between.",
  perSecond: 100,
  utilisation: 0.15,
  arrivals: bursts,
  faults: World.outage
})

/** A dependency that is well, and slow enough for callers to hang up on: every opening is a false one. */
export const impatientCallers = faulted({
  name: "impatient-callers",
  title: "4 of 10 callers hang up after 550 ms on a dependency that is well",
  description: "It takes 500 ms, lognormal with sigma 0.8: nothing is wrong with it, and every opening is a false one.",
  perSecond: 50,
  timeoutMillis: 10_000,
  latency: { _tag: "LogNormal", meanMillis: 500, sigma: 0.8 },
  utilisation: 0.01,
  faults: () => [],
  world: { impatience: { share: 0.4, afterMillis: 550 } }
})

/** A hang that nobody waits for: without a rule for interruptions it stays unseen for ever. */
export const hangBehindImpatience = faulted({
  name: "hang-behind-impatience",
  title: "A blackhole at 100 calls a second behind callers who hang up after 300 ms",
  description: "No attempt is ever answered, and no caller waits for the timeout of 10 s.",
  perSecond: 100,
  timeoutMillis: 10_000,
  faults: World.blackhole,
  world: { impatience: { share: 1, afterMillis: 300 } }
})

export const all: ReadonlyArray<Scenario> = [
  impatientCallers(),
  hangBehindImpatience(),
  outageByTheMinute,
  outageAt(1)(),
  outageAt(10)(),
  outageAt(100)(),
  outageAt(1_000)(),
  blackhole(),
  latencySpike(),
  brownoutAt(10, 100)(),
  brownoutAt(30, 10)(),
  brownoutAt(30, 100)(),
  brownoutAt(50, 10)(),
  brownoutAt(50, 100)(),
  brownoutAt(80, 100)(),
  brownoutAt80(),
  brownoutAt50(),
  poison(),
  metastable(),
  coldCache(),
  overload(),
  flapping(),
  blip(50, 100),
  blip(100, 1_000),
  ...[1, 10, 50, 200].flatMap((callers) => [closedLoop(callers, "outage"), closedLoop(callers, "blackhole")]),
  badShardShared(),
  badShardOwn(),
  badTenant(),
  processes(),
  processesByTheMinute(),
  brokenProcessOf20(),
  brokenProcessOf2(),
  heavyTailedBrownout(),
  heavyTailedOutage(),
  burstyBrownout(),
  burstyOutage()
]

export const find = (name: string): Scenario | undefined => all.find((scenario) => scenario.name === name)

/** A small catalogue: the shipped engine, two designs and two worlds that cost milliseconds. */
import type { Catalogue } from "../src/Catalogue.ts"
import { done, giveUp, retryAfter, type Design } from "../src/Design.ts"
import { metrics } from "../src/Metric.ts"
import { run } from "../src/Run.ts"
import type { Scenario } from "../src/Scenario.ts"
import { brownout, outage } from "../src/World.ts"

const retry: Design = {
  name: "retry-only",
  title: "Retry, no breaker",
  description: "Each call is attempted up to three times.",
  group: "field",
  make: () => ({
    status: () => "Closed",
    score: () => 1,
    opens: () => 0,
    begin: () => {
      let failed = 0
      return {
        admit: () => true,
        rejected: () => giveUp("circuit-open"),
        settle: (outcome) => {
          if (outcome._tag === "Success") return done
          return ++failed < 3 ? retryAfter(100) : giveUp("attempts")
        }
      }
    }
  })
}

const breaker: Design = {
  name: "breaker",
  title: "Opens after five failures",
  description: "Five failures in a row open it for two seconds.",
  group: "seed",
  make: ({ random }) => {
    let failures = 0
    let until = 0
    let opens = 0
    return {
      status: (now) => (now < until ? "Open" : "Closed"),
      score: () => Math.max(0, 1 - failures / 5),
      opens: () => opens,
      begin: () => ({
        admit: (now) => now >= until,
        rejected: () => giveUp("circuit-open"),
        settle: (outcome, now) => {
          failures = outcome._tag === "Success" ? 0 : failures + 1
          if (failures >= 5 && now >= until) {
            failures = 0
            until = now + 2000 * (0.8 + 0.4 * random())
            opens++
          }
          return outcome._tag === "Success" ? done : giveUp("attempts")
        }
      })
    }
  }
}

const scenario = (name: string, title: string, faults: Scenario["world"]["faults"]): Scenario => ({
  name,
  title,
  description: "50 calls a second for 20 s; the fault lasts from 5 s to 10 s.",
  world: {
    arrivals: { _tag: "Poisson", perSecond: 50 },
    service: { latency: { _tag: "Exponential", meanMillis: 20 }, servers: null, queue: 0, failureMillis: 5 },
    faults
  },
  durationMillis: 20_000,
  timeoutMillis: 1000,
  fault: { fromMillis: 5000, untilMillis: 10_000 }
})

const scenarios = [
  scenario("outage", "Outage", outage(5000, 10_000)),
  scenario("brownout-30", "Brownout of 30 %", brownout(0.3, 5000, 10_000))
]

export const catalogue: Catalogue = {
  scenarios,
  designs: [retry, breaker],
  run,
  flaws: [
    {
      name: "opens",
      title: "It opens",
      claim: "A breaker opens.",
      truce: "No breaker, no opening.",
      design: breaker,
      scenario: { ...scenario("opens", "A short outage", outage(0, 500)), durationMillis: 1000 },
      seed: 1,
      find: ({ opens }) => ({ happens: opens > 0, text: `It opened ${opens} times.` })
    }
  ],
  headline: {
    rows: scenarios.map((scenario) => ({
      name: scenario.name,
      title: scenario.title,
      scenarios: [scenario],
      metrics: [metrics.availability, metrics.absorbed, metrics.recovery]
    })),
    columns: ["retry-only", "breaker"],
    pictured: ["retry-only", "breaker"],
    sound: "retry-only"
  },
  comparisons: [],
  closedLoop: { rows: [], columns: [] }
}

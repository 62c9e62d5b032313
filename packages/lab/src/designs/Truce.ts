/** Truce: retry around the breaker with the saturation-priced budget, by health model and option. */
import { CircuitPolicy, HealthModel, RetryBudget } from "@truce/core"
import type { Design } from "../Design.ts"
import * as Guarded from "./Guarded.ts"

const budget = RetryBudget.saturation()

const truce = (name: string, title: string, description: string, make: Design["make"]): Design => ({
  name,
  title,
  description,
  group: "truce",
  make
})

/** A health model with every other default. */
const judgedBy = <S>(model: HealthModel.HealthModel<S>): Design["make"] =>
  Guarded.shipped({ policy: CircuitPolicy.make(model), budget })

export const ledger = truce("truce", "Truce", "The defaults.", judgedBy(HealthModel.ledger()))

export const slowStart = truce(
  "truce-slow-start",
  "Truce with slow start",
  "A trip soon after a close makes the next close ramp up over 10 to 40 s.",
  Guarded.shipped({ policy: CircuitPolicy.make(HealthModel.ledger(), { slowStart: true }), budget })
)

export const persistence = truce(
  "truce-persistence",
  "Truce with a persistence of 250 ms",
  "A quarter of a second of traffic must fail before a trip: rides out blips.",
  judgedBy(HealthModel.ledger({ persistenceMillis: 250 }))
)

export const additive = truce(
  "truce-additive",
  "Truce judged by the seed's score",
  "-0.3 for a failed attempt, +0.5 for a good one, opens at 0, with the seed's unlimited retries.",
  Guarded.outside({ policy: CircuitPolicy.make(HealthModel.additive()), budget: RetryBudget.unlimited() })
)

/** The ledger with another budget. */
const paidBy = (name: string, title: string, description: string, other: RetryBudget.RetryBudget): Design =>
  truce(name, title, description, Guarded.shipped({ policy: CircuitPolicy.make(HealthModel.ledger()), budget: other }))

export const all = [
  ledger,
  slowStart,
  persistence,
  additive,
  truce(
    "truce-consecutive",
    "Truce judged by consecutive 5",
    "5 failures in a row.",
    judgedBy(HealthModel.consecutive())
  ),
  truce("truce-count", "Truce judged by the last 100", "50 % of 100.", judgedBy(HealthModel.countWindow())),
  truce("truce-window", "Truce judged by the last 10 s", "50 % of 20 at least.", judgedBy(HealthModel.timeWindow())),
  truce("truce-ewma", "Truce judged by a moving average", "Over 30 s, at 80 %.", judgedBy(HealthModel.ewma())),
  truce("truce-cusum", "Truce judged by a likelihood ratio", "5 % against 50 %.", judgedBy(HealthModel.cusum())),
  truce("truce-beta", "Truce judged by a discounted Beta", "Half-life 60 s, at 50 %.", judgedBy(HealthModel.beta())),
  paidBy(
    "truce-budget-100",
    "Truce with a budget of 100 tokens",
    "Room for 100 retries at once, not 10: a retry holds its token while it waits.",
    RetryBudget.saturation({ capacity: 100 })
  ),
  paidBy("truce-unlimited", "Truce without a budget", "Every retry is afforded.", RetryBudget.unlimited()),
  paidBy("truce-ratio", "Truce with a 20 % budget", "One retry for five calls.", RetryBudget.ratio()),
  paidBy("truce-grpc", "Truce with gRPC's throttling", "Retries above half of 10 tokens.", RetryBudget.grpc()),
  paidBy("truce-aws", "Truce with AWS's quota", "14 of 500 tokens a retry.", RetryBudget.aws())
] as const

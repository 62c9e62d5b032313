/** Truce with a part taken out, or one added that was not taken: what each is worth. */
import { CircuitPolicy, HealthModel, RetryBudget } from "@truce/core"
import type { Design } from "../Design.ts"
import * as Guarded from "./Guarded.ts"

const budget = RetryBudget.saturation()

const ablation = (name: string, title: string, description: string, make: Design["make"]): Design => ({
  name,
  title,
  description,
  group: "truce",
  make
})

const judgedBy = (options: HealthModel.LedgerOptions): Design["make"] =>
  Guarded.shipped({ policy: CircuitPolicy.make(HealthModel.ledger({ ...options, allowSelfTrip: true })), budget })

const fixed = { guardMillis: 0 } as const
const inFull = { ...fixed, discount: 1 } as const

export const all = [
  ablation(
    "truce-half",
    "Truce: tolerance 1/2, attempts in full, fixed n",
    "A plain walk: as much for a success as for a failure, whatever the traffic.",
    judgedBy({ ...inFull, tolerance: 0.5 })
  ),
  ablation(
    "truce-two-thirds",
    "Truce: attempts in full, fixed n",
    "A success gives back twice what a failure takes.",
    judgedBy(inFull)
  ),
  ablation(
    "truce-discounted",
    "Truce: fixed n",
    "The j-th failed attempt of a call weighs 0.5^j; five failures in excess open at any traffic.",
    judgedBy(fixed)
  ),
  ablation(
    "truce-gated",
    "Truce that retries at a score of 0.8 or more",
    "The score decides about retries too.",
    Guarded.shipped({ policy: CircuitPolicy.make(HealthModel.ledger()), budget, retriesFrom: 0.8 })
  ),
  ablation(
    "truce-ten-probes",
    "Truce with ten probes at once",
    "HalfOpen has ten permits.",
    Guarded.shipped({ policy: CircuitPolicy.make(HealthModel.ledger(), { permits: 10 }), budget })
  )
] as const

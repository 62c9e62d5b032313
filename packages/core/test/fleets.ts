import { Circuit, CircuitPolicy, Fleet, HealthModel } from "@truce/core"

/** Nothing in a sum of decimal steps is exact. */
export const slack = 1e-9

export const fleet = (options?: Fleet.Options) => Fleet.make(CircuitPolicy.make(HealthModel.ledger()), options)
export const plain = fleet()
/** Nothing opens it: what is looked at is the score. */
export const unopened = <S>(model: HealthModel.HealthModel<S>) =>
  Fleet.make(CircuitPolicy.make(model), { witnesses: 1_000_000 })

export const suspicion = <S>(policy: Fleet.Policy<S>, self: Fleet.Shared<S>, now = 0): number =>
  1 - Circuit.score(policy, self.circuit, now)

export const sent = (process: string, failed: number, good = 0, generation = 0): Fleet.Batch => ({
  generation,
  process,
  failure: failed,
  success: good,
  raw: failed,
  attempts: Math.ceil(failed) + good,
  retryAfterMillis: 0,
  opens: false
})

export const mergeAll = <S>(
  policy: Fleet.Policy<S>,
  start: Fleet.Shared<S>,
  batches: ReadonlyArray<Fleet.Batch>,
  now = 0
): Fleet.Shared<S> => batches.reduce((shared, batch) => Fleet.merge(policy, shared, batch, now), start)

export const opened = <S>(policy: Fleet.Policy<S>, now = 0): Fleet.Shared<S> =>
  mergeAll(
    policy,
    Fleet.empty(policy, 42, now),
    ["a", "b", "c", "d"].map((process) => sent(process, 9, 0, now)),
    now
  )

export const openUntil = <S>({ circuit }: Fleet.Shared<S>): number => {
  if (circuit.state._tag !== "Open") throw new Error(`not open: ${circuit.state._tag}`)
  return circuit.state.until
}

export const leased = <S>(
  policy: Fleet.Policy<S>,
  self: Fleet.Shared<S>,
  now: number
): readonly [Fleet.Shared<S>, Circuit.Permit] => {
  const [next, decision] = Fleet.lease(policy, self, now)
  if (decision._tag === "Rejected") throw new Error(`rejected at ${now}: ${decision.status}`)
  return [next, decision.permit]
}

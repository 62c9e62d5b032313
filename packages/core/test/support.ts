import { Circuit, CircuitPolicy, HealthModel, Outcome, Traffic } from "@truce/core"
import fc from "fast-check"

/** Runs are stable by default; `FC_SEED=7 vitest run` explores others. */
export const seed = Number(process.env.FC_SEED ?? 20_260_101)

fc.configureGlobal({ seed })

/** Every model with its defaults, and some with other options. */
export const models = {
  ledger: HealthModel.ledger(),
  "ledger without guard": HealthModel.ledger({ guardMillis: 0, halfLifeMillis: Infinity }),
  "ledger with persistence": HealthModel.ledger({ persistenceMillis: 250, tolerance: 0.5, minFailures: 3 }),
  consecutive: HealthModel.consecutive(),
  countWindow: HealthModel.countWindow({ size: 10, min: 5 }),
  timeWindow: HealthModel.timeWindow({ windowMillis: 1_000, min: 4 }),
  additive: HealthModel.additive(),
  ewma: HealthModel.ewma({ windowMillis: 500, threshold: 0.6, min: 3 }),
  cusum: HealthModel.cusum(),
  beta: HealthModel.beta({ prior: 3, halfLifeMillis: 5_000 })
} as const

export type ModelName = keyof typeof models

export const modelNames = Object.keys(models).filter((name): name is ModelName => name in models)

/** Calls back with the model and its own state type, whichever it is. */
export const withModel = <A>(name: ModelName, use: <S>(model: HealthModel.HealthModel<S>) => A): A => {
  switch (name) {
    case "ledger":
    case "ledger without guard":
    case "ledger with persistence":
      return use(models[name])
    case "consecutive":
      return use(models.consecutive)
    case "countWindow":
      return use(models.countWindow)
    case "timeWindow":
      return use(models.timeWindow)
    case "additive":
      return use(models.additive)
    case "ewma":
      return use(models.ewma)
    case "cusum":
      return use(models.cusum)
    case "beta":
      return use(models.beta)
  }
}

export const failure = Outcome.failure()
export const throttled = Outcome.failure({ weight: Outcome.throttleWeight, saturated: true })
export const timeout = Outcome.failure({ saturated: true })

/** The ledger of the vectors: n = 5 at any traffic, nothing heals with time. */
export const fixedLedger = HealthModel.ledger({ guardMillis: 0, halfLifeMillis: Infinity })

/** The outcome and the number of failed attempts before it, by the letters of the vectors. */
export const letters = {
  F: { outcome: failure, failedBefore: 0 },
  h: { outcome: failure, failedBefore: 1 },
  q: { outcome: failure, failedBefore: 2 },
  S: { outcome: Outcome.success, failedBefore: 0 },
  L: { outcome: Outcome.slowSuccess, failedBefore: 0 },
  T: { outcome: throttled, failedBefore: 0 },
  I: { outcome: Outcome.ignored, failedBefore: 0 }
} as const

export const isLetter = (text: string): text is keyof typeof letters => text in letters

/** One admitted and settled attempt; throws when it is rejected, so that no test counts what never ran. */
export const attempt = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  self: Circuit.Circuit<S>,
  outcome: Outcome.Outcome,
  now: number,
  failedBefore = 0
): Circuit.Circuit<S> => {
  const [admitted, decision] = Circuit.admit(policy, self, now)
  if (decision._tag === "Rejected") throw new Error(`rejected at ${now}: ${decision.status}`)
  return Circuit.settle(policy, admitted, { permit: decision.permit, outcome, failedBefore }, now)
}

/** Admits one attempt and gives its permit; throws when it is rejected. */
export const admit = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  self: Circuit.Circuit<S>,
  now: number
): readonly [Circuit.Circuit<S>, Circuit.Permit] => {
  const [admitted, decision] = Circuit.admit(policy, self, now)
  if (decision._tag === "Rejected") throw new Error(`rejected at ${now}: ${decision.status}`)
  return [admitted, decision.permit]
}

/** Attempts of the letters at one instant; stops at a rejection or an opening. */
export const play = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  start: Circuit.Circuit<S>,
  events: string,
  now = 0
): { readonly circuit: Circuit.Circuit<S>; readonly scores: ReadonlyArray<number | "OPEN"> } => {
  const scores: Array<number | "OPEN"> = []
  let circuit = start
  for (const letter of events) {
    if (!isLetter(letter)) throw new Error(`no such letter: ${letter}`)
    const { failedBefore, outcome } = letters[letter]
    circuit = attempt(policy, circuit, outcome, now, failedBefore)
    if (circuit.state._tag === "Open") return { circuit, scores: [...scores, "OPEN"] }
    scores.push(Circuit.score(policy, circuit, now))
  }
  return { circuit, scores }
}

/** Full-weight failures at one instant until the circuit opens. */
export const failuresToOpen = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  start: Circuit.Circuit<S>,
  now: number
): number => {
  let circuit = start
  for (let count = 1; count <= 10_000; count++) {
    circuit = attempt(policy, circuit, failure, now)
    if (circuit.state._tag === "Open") return count
  }
  return Infinity
}

/** An open circuit, by failures at `now`. */
export const tripped = <S>(
  policy: CircuitPolicy.CircuitPolicy<S>,
  now: number,
  seedOfJitter = 0
): Circuit.Circuit<S> => {
  let circuit = Circuit.make(policy, seedOfJitter)
  while (circuit.state._tag === "Closed") circuit = attempt(policy, circuit, failure, now)
  return circuit
}

/** When the circuit may be asked again; throws unless it is open. */
export const openUntil = <S>(self: Circuit.Circuit<S>): number => {
  if (self.state._tag !== "Open") throw new Error(`not open: ${self.state._tag}`)
  return self.state.until
}

/** A model fed without a circuit, with the traffic it would see. */
export const feed = <S>(
  model: HealthModel.HealthModel<S>,
  events: Iterable<readonly [letter: keyof typeof letters, now: number]>
): { readonly state: S; readonly traffic: Traffic.Traffic; readonly scores: ReadonlyArray<number> } => {
  let state = model.init
  let traffic = Traffic.none
  const scores: Array<number> = []
  for (const [letter, now] of events) {
    const { failedBefore, outcome } = letters[letter]
    const mass = Outcome.mass(outcome, failedBefore, model.discount, 0)
    traffic = Traffic.add(traffic, 1, mass.raw, now)
    state = model.observe(state, mass, traffic, now)
    scores.push(model.score(state, now))
  }
  return { state, traffic, scores }
}

/** The same letters, all at one instant. */
export const at = (now: number, events: string): ReadonlyArray<readonly [keyof typeof letters, number]> =>
  Array.from(events)
    .filter(isLetter)
    .map((letter) => [letter, now] as const)

/** Failures of one call, on top of a score of 1, that leave the circuit closed. */
export const bears = <S>(model: HealthModel.HealthModel<S>): number => {
  const policy = CircuitPolicy.make(model)
  return failuresToOpen(policy, Circuit.make(policy, 1), 0) - 1
}

export const rounded = (scores: ReadonlyArray<number>): ReadonlyArray<number> =>
  scores.map((score) => Number(score.toFixed(9)))

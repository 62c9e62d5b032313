/** The policy of a scenario as data, in the words of the bindings' own policy files, and what it means to the core. */
import {
  type Backoff,
  CallPolicy,
  CircuitPolicy,
  HealthModel,
  InvalidOption,
  KeyPattern,
  Limits,
  RetryBudget
} from "@truce/core"

/** A length of time in ms. */
export type Span = number | "infinity"

export type Model =
  | {
      readonly type: "ledger"
      readonly tolerance?: number
      readonly minFailures?: number
      readonly guard?: Span
      readonly persistence?: Span
      readonly halfLife?: Span
      readonly discount?: number
      readonly openBelow?: number
      readonly allowSelfTrip?: boolean
    }
  | { readonly type: "consecutive"; readonly failures?: number }
  | { readonly type: "countWindow"; readonly size?: number; readonly threshold?: number; readonly min?: number }
  | { readonly type: "timeWindow"; readonly window?: Span; readonly threshold?: number; readonly min?: number }
  | { readonly type: "additive"; readonly down?: number; readonly up?: number; readonly openBelow?: number }
  | { readonly type: "ewma"; readonly window?: Span; readonly threshold?: number; readonly min?: number }
  | { readonly type: "cusum"; readonly p0?: number; readonly p1?: number; readonly arl?: number }
  | {
      readonly type: "beta"
      readonly halfLife?: Span
      readonly cap?: number
      readonly prior?: number
      readonly threshold?: number
    }

export interface CircuitOptions {
  readonly openFor?: Span
  readonly openFactor?: number
  readonly openTimes?: ReadonlyArray<number>
  readonly maxOpenFor?: Span
  readonly openJitter?: number
  readonly maxRetryAfter?: Span
  readonly permits?: number
  readonly lease?: Span
  readonly closeAt?: number
  readonly reopenOn?: "failure" | "score"
  readonly slowWeight?: number
}

export interface RetryOptions {
  readonly attempts?: number
  readonly base?: Span
  readonly factor?: number
  readonly cap?: Span
  readonly jitter?: "none" | "full" | "equal" | "decorrelated" | { readonly min: number; readonly max: number }
  readonly deadline?: Span
  readonly maxRetryAfter?: Span
  readonly whenOpen?: "stop" | "wait"
}

export type Budget =
  | {
      readonly type: "saturation"
      readonly capacity?: number
      readonly fastFailureCost?: number
      readonly earn?: number
      readonly slowPenalty?: number
    }
  | { readonly type: "ratio"; readonly ratio?: number; readonly perSecond?: number; readonly capacity?: number }
  | { readonly type: "grpc"; readonly maxTokens?: number; readonly tokenRatio?: number }
  | { readonly type: "aws"; readonly capacity?: number; readonly retryCost?: number; readonly throttleCost?: number }
  | { readonly type: "unlimited" }

/** What any call may do at most. */
export interface Limits {
  readonly attempts?: number
  readonly deadline?: Span
  readonly maxRetryAfter?: Span
}

export interface Part {
  readonly limits?: Limits
  readonly model?: Model
  readonly circuit?: CircuitOptions
  readonly retry?: RetryOptions
  readonly budget?: Budget
}

export interface Policy extends Part {
  /** How many keys are kept; what cannot be dropped comes on top. */
  readonly maxKeys?: number
  /** How long a key that is not used is kept, in ms. */
  readonly ttl?: number
  readonly overrides?: { readonly [pattern: string]: Part }
}

/** The rules of one key. */
export interface Rules {
  readonly circuit: CircuitPolicy.CircuitPolicy<HealthModel.Opaque>
  readonly retry: CallPolicy.CallPolicy
  readonly budget: RetryBudget.RetryBudget
}

/** What the policy rules for a key; `own` options of its circuit come first. Throws `Invalid`. */
export const rulesOf = (policy: Policy): ((key: string, own?: CircuitOptions, ownRetry?: RetryOptions) => Rules) => {
  const { overrides = {}, ...base } = policy
  const shared = rules(base, [])
  const patterns = KeyPattern.KeyPattern.of(overrides).map((part, pattern) => {
    const merged = over(base, part)
    return { part: merged, rules: rules(merged, ["overrides", pattern], part.model === undefined ? shared : undefined) }
  })
  return (key, own, ownRetry) => {
    const found = patterns.find(key) ?? { part: base, rules: shared }
    if (ownRetry !== undefined) return { ...found.rules, ...retryOf(over(found.part, { retry: ownRetry }), []) }
    if (own === undefined) return found.rules
    const { model } = found.rules.circuit
    return { ...found.rules, circuit: circuitOf(model, { ...found.part.circuit, ...own }) }
  }
}

/** Thrown for a policy that breaks a rule. */
export class Invalid extends Error {
  readonly path: string
  constructor(path: string, cause: InvalidOption.InvalidOption) {
    super(`${path}: ${cause.rule}`)
    this.path = path
  }
}

const over = (base: Part, part: Part): Part => ({
  ...base,
  ...part,
  circuit: { ...base.circuit, ...part.circuit },
  retry: { ...base.retry, ...part.retry },
  limits: { ...base.limits, ...part.limits }
})

// Models hide their state from each other: keys that share one must share the very same.
const rules = (part: Part, path: ReadonlyArray<string>, shared?: Rules): Rules => {
  const model = shared?.circuit.model ?? named([...path, "model"], () => modelOf(part.model ?? { type: "ledger" }))
  return {
    circuit: named([...path, "circuit"], () => circuitOf(model, part.circuit)),
    ...retryOf(part, path),
    budget: named([...path, "budget"], () => budgetOf(part.budget ?? { type: "saturation" }))
  }
}

const retryOf = (part: Part, path: ReadonlyArray<string>): Pick<Rules, "retry"> => {
  const { attempts, deadline, maxRetryAfter, whenOpen, ...backoff } = part.retry ?? {}
  const { limits = {} } = part
  const retry = named([...path, "retry"], () =>
    CallPolicy.make({
      attempts,
      backoff: backoffOf(backoff),
      deadlineMillis: millis(deadline),
      maxRetryAfterMillis: millis(maxRetryAfter),
      whenOpen
    })
  )
  const most = {
    attempts: limits.attempts ?? Infinity,
    deadlineMillis: millis(limits.deadline) ?? Infinity,
    maxRetryAfterMillis: millis(limits.maxRetryAfter) ?? Infinity
  }
  return { retry: Limits.within(retry, most) }
}

const backoffOf = ({ base, cap, factor, jitter }: RetryOptions): Backoff.Options => ({
  baseMillis: millis(base),
  capMillis: millis(cap),
  factor,
  jitter
})

const named = <A>(path: ReadonlyArray<string>, build: () => A): A => {
  try {
    return build()
  } catch (error) {
    if (!(error instanceof InvalidOption.InvalidOption)) throw error
    throw new Invalid([...path, words[error.field] ?? error.field.replace(/Millis$/, "")].join("."), error)
  }
}

/** Where data has another word for a setting than the core. */
const words: { readonly [field: string]: string } = { openMillis: "openFor", maxOpenMillis: "maxOpenFor" }

/** The word that data has for a setting of the core's policy. */
export const wordFor = (setting: string): string => words[setting] ?? setting.replace(/Millis$/, "")

const millis = (span: Span | undefined): number | undefined => (span === "infinity" ? Infinity : span)

/** What a model or a budget is made of, without the name of its kind. */
const settingsOf = <Named extends { readonly type: string }>(named: Named): Omit<Named, "type"> => {
  const { type: _type, ...rest } = named
  return rest
}

const modelOf = (model: Model): HealthModel.HealthModel<HealthModel.Opaque> => {
  switch (model.type) {
    case "ledger": {
      const { guard, halfLife, persistence, ...rest } = settingsOf(model)
      const times = { guardMillis: millis(guard), halfLifeMillis: millis(halfLife) }
      return HealthModel.opaque(HealthModel.ledger({ ...rest, ...times, persistenceMillis: millis(persistence) }))
    }
    case "consecutive":
      return HealthModel.opaque(HealthModel.consecutive(settingsOf(model)))
    case "countWindow":
      return HealthModel.opaque(HealthModel.countWindow(settingsOf(model)))
    case "timeWindow": {
      const { window, ...rest } = settingsOf(model)
      return HealthModel.opaque(HealthModel.timeWindow({ ...rest, windowMillis: millis(window) }))
    }
    case "additive":
      return HealthModel.opaque(HealthModel.additive(settingsOf(model)))
    case "ewma": {
      const { window, ...rest } = settingsOf(model)
      return HealthModel.opaque(HealthModel.ewma({ ...rest, windowMillis: millis(window) }))
    }
    case "cusum":
      return HealthModel.opaque(HealthModel.cusum(settingsOf(model)))
    case "beta": {
      const { halfLife, ...rest } = settingsOf(model)
      return HealthModel.opaque(HealthModel.beta({ ...rest, halfLifeMillis: millis(halfLife) }))
    }
  }
}

const circuitOf = <S>(
  model: HealthModel.HealthModel<S>,
  { lease, maxOpenFor, maxRetryAfter, openFor, openTimes, ...rest }: CircuitOptions = {}
): CircuitPolicy.CircuitPolicy<S> =>
  CircuitPolicy.make(model, {
    ...rest,
    leaseMillis: millis(lease),
    maxOpenMillis: millis(maxOpenFor),
    maxRetryAfterMillis: millis(maxRetryAfter),
    openMillis: millis(openFor),
    openTimesMillis: openTimes
  })

const budgetOf = (budget: Budget): RetryBudget.RetryBudget => {
  switch (budget.type) {
    case "saturation":
      return RetryBudget.saturation(settingsOf(budget))
    case "ratio":
      return RetryBudget.ratio(settingsOf(budget))
    case "grpc":
      return RetryBudget.grpc(settingsOf(budget))
    case "aws":
      return RetryBudget.aws(settingsOf(budget))
    case "unlimited":
      return RetryBudget.unlimited()
  }
}

/** The policy of a scenario as data, in the words of the bindings' own policy files, and what it means to the core. */
import {
  Backoff,
  CallPolicy,
  CircuitPolicy,
  Given,
  HealthModel,
  InvalidOption,
  KeyPattern,
  Limits,
  RetryBudget,
  Tables
} from "@truce/core"

/** A length of time in ms. */
export type Span = number | "infinity"

export type Model = HealthModel.Data<Span>

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

export type Budget = RetryBudget.Data

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
export interface KeyRules {
  readonly circuit: CircuitPolicy.CircuitPolicy<HealthModel.Opaque>
  readonly retry: CallPolicy.CallPolicy
  readonly budget: RetryBudget.RetryBudget
}

/** What the policy rules for a key; `own` options of its circuit come first. Throws `Invalid`. */
export const rulesOf = (policy: Policy): ((key: string, own?: CircuitOptions, ownRetry?: RetryOptions) => KeyRules) => {
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
const rules = (part: Part, path: ReadonlyArray<string>, shared?: KeyRules): KeyRules => {
  const model = shared?.circuit.model ?? named([...path, "model"], () => modelOf(part.model ?? { type: "ledger" }))
  return {
    circuit: named([...path, "circuit"], () => circuitOf(model, part.circuit)),
    ...retryOf(part, path),
    budget: named([...path, "budget"], () => RetryBudget.fromData(part.budget ?? { type: "saturation" }))
  }
}

const retryOf = (part: Part, path: ReadonlyArray<string>): Pick<KeyRules, "retry"> => {
  const { limits = {}, retry = {} } = part
  const others = [...Object.keys(Tables.call), ...Object.keys(Tables.backoff), "jitter"]
  const policy = named([...path, "retry"], () => ({
    ...CallPolicy.read(new Given.Given(style("retry"), Tables.call, retry, others)),
    backoff: Backoff.read(new Given.Given(style("retry"), Tables.backoff, retry, others), retry.jitter),
    isRepeatable: true
  }))
  const most = {
    attempts: limits.attempts ?? Infinity,
    deadlineMillis: millis(limits.deadline ?? Infinity),
    maxRetryAfterMillis: millis(limits.maxRetryAfter ?? Infinity)
  }
  return { retry: Limits.within(policy, most) }
}

const named = <A>(path: ReadonlyArray<string>, build: () => A): A => {
  try {
    return build()
  } catch (error) {
    if (!(error instanceof InvalidOption.InvalidOption)) throw error
    throw new Invalid([...path, error.field.replace(/Millis$/, "")].join("."), error)
  }
}

/** As data is written. */
const style = (owner: string): Given.Style => ({
  owner,
  hasUnits: false,
  millis: (_, __, span) => (span === "infinity" ? Infinity : span),
  shown: (value) => value
})

const millis = (span: Span): number => (span === "infinity" ? Infinity : span)

const modelOf = (model: Model): HealthModel.HealthModel<HealthModel.Opaque> =>
  HealthModel.opaque(HealthModel.fromData(model, (_, span) => millis(span)))

const circuitOf = <S>(
  model: HealthModel.HealthModel<S>,
  options: CircuitOptions = {}
): CircuitPolicy.CircuitPolicy<S> =>
  CircuitPolicy.read(model, new Given.Given(style("circuit"), Tables.circuit, options))

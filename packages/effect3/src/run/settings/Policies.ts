import { type CircuitPolicy, HealthModel, InvalidOption, KeyPattern } from "@truce/core"
import { type LayerOptions, type Options, toPolicy } from "./CircuitOptions.ts"
import { checkedModel, given } from "./options.ts"

/** The policy of one key; the model's own state is hidden, so that another model can take its place. */
export type Policy = CircuitPolicy.CircuitPolicy<HealthModel.Opaque>

/** What a breaker lays down: options for all keys, and others for some. */
export interface BreakerRules {
  readonly model: HealthModel.HealthModel<HealthModel.Opaque>
  readonly options: Options
  readonly overrides: KeyPattern.KeyPattern<Override>
}

export interface Override {
  readonly model: HealthModel.HealthModel<HealthModel.Opaque> | undefined
  readonly options: Options
}

/** The model of the options, with its state hidden. */
export const modelOf = ({
  model
}: {
  readonly model?: HealthModel.HealthModel | undefined
}): HealthModel.HealthModel<HealthModel.Opaque> => hidden(model ?? HealthModel.ledger())

/** By model: options that are read again are under the same model, and its states need no conversion. */
const seen = new WeakMap<HealthModel.HealthModel, HealthModel.HealthModel<HealthModel.Opaque>>()

const hidden = (model: HealthModel.HealthModel): HealthModel.HealthModel<HealthModel.Opaque> => {
  const known = seen.get(checkedModel(model)) ?? HealthModel.opaque(model)
  seen.set(model, known)
  return known
}

/** The overrides of a breaker by key. */
export const circuitOverrides = ({ overrides }: LayerOptions): KeyPattern.KeyPattern<Override> =>
  KeyPattern.KeyPattern.of(overrides).map(({ model, ...options }) => ({
    model: model === undefined ? undefined : hidden(model),
    options
  }))

/** The rules of one breaker, in force until they are replaced as a whole: an entry that has seen them needs to ask no more. */
export class Policies {
  /** The breaker: its rulings follow each other, those of another one conflict. */
  readonly owner: object
  private readonly rules: BreakerRules
  private readonly shared: Policy
  private readonly special: KeyPattern.KeyPattern<Policy>
  private readonly registered = new Map<string, { readonly options: Options; readonly policy: Policy }>()

  /** Throws `InvalidOption`. */
  constructor(owner: object, rules: BreakerRules) {
    this.owner = owner
    this.rules = rules
    this.shared = toPolicy(rules.model, rules.options)
    this.special = rules.overrides.map(({ model, options }, pattern) =>
      InvalidOption.inOverride(pattern, () => toPolicy(model ?? rules.model, rules.options, options))
    )
  }

  /** Other rules, under which the keys that were registered keep the options of their own. Throws `InvalidOption`. */
  replacedBy(rules: BreakerRules): Policies {
    const next = new Policies(this.owner, rules)
    for (const [key, { options }] of this.registered) next.register(key, options)
    return next
  }

  /** That of all keys, and those of patterns. */
  get all(): ReadonlyArray<Policy> {
    const policies = [this.shared]
    this.special.map((policy) => policies.push(policy))
    return policies
  }

  /** The policy of a key. */
  of(key: string): Policy {
    return this.registered.get(key)?.policy ?? this.special.find(key) ?? this.shared
  }

  isRegistered(key: string): boolean {
    return this.registered.has(key)
  }

  register(key: string, options: Options): void {
    this.registered.set(key, { options, policy: this.own(key, options) })
  }

  /** The policy of a key with options of its own, which come before all others. */
  own(key: string, options: Options): Policy {
    const override = this.rules.overrides.find(key)
    const base = { ...this.rules.options, ...given(override?.options ?? {}) }
    return toPolicy(override?.model ?? this.rules.model, base, options)
  }
}

/**
 * Health models as plain data: by the name of their kind, and their parameters.
 *
 * @since 0.1.0
 */
import { additive } from "./Additive.ts"
import { beta } from "./Beta.ts"
import { consecutive } from "./Consecutive.ts"
import { countWindow } from "./CountWindow.ts"
import { cusum } from "./Cusum.ts"
import { ewma } from "./Ewma.ts"
import { ledger } from "./Ledger.ts"
import { parametersOf } from "../options/Parameters.ts"
import type { HealthModel } from "./Model.ts"
import { timeWindow } from "./TimeWindow.ts"

/**
 * A model as data; a length of time is a `Time`. What is left out has its default.
 *
 * @category models
 * @since 0.1.0
 */
export type Data<Time> =
  | {
      readonly type: "ledger"
      readonly tolerance?: number
      readonly minFailures?: number
      readonly guard?: Time
      readonly persistence?: Time
      readonly halfLife?: Time
      readonly discount?: number
      readonly openBelow?: number
      readonly allowSelfTrip?: boolean
    }
  | { readonly type: "consecutive"; readonly failures?: number }
  | { readonly type: "countWindow"; readonly size?: number; readonly threshold?: number; readonly min?: number }
  | { readonly type: "timeWindow"; readonly window?: Time; readonly threshold?: number; readonly min?: number }
  | { readonly type: "additive"; readonly down?: number; readonly up?: number; readonly openBelow?: number }
  | { readonly type: "ewma"; readonly window?: Time; readonly threshold?: number; readonly min?: number }
  | { readonly type: "cusum"; readonly p0?: number; readonly p1?: number; readonly arl?: number }
  | {
      readonly type: "beta"
      readonly halfLife?: Time
      readonly cap?: number
      readonly prior?: number
      readonly threshold?: number
    }

/**
 * The model that data stands for; `millis` makes ms of a length of time.
 *
 * Throws `InvalidOption`.
 *
 * **Example** (A window of ten seconds)
 *
 * ```ts
 * import { HealthModel } from "@truce/core"
 *
 * const model = HealthModel.fromData({ type: "timeWindow", window: 10 }, (_, seconds) => 1_000 * seconds)
 * model.parameters // => { windowMillis: 10_000, threshold: 0.5, min: 20 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromData = <Time>(data: Data<Time>, millis: (field: string, time: Time) => number): HealthModel => {
  const time = (field: string, given: Time | undefined) => (given === undefined ? undefined : millis(field, given))
  switch (data.type) {
    case "ledger": {
      const { guard, halfLife, persistence, ...rest } = parametersOf(data)
      return ledger({
        ...rest,
        guardMillis: time("guard", guard),
        halfLifeMillis: time("halfLife", halfLife),
        persistenceMillis: time("persistence", persistence)
      })
    }
    case "consecutive":
      return consecutive(parametersOf(data))
    case "countWindow":
      return countWindow(parametersOf(data))
    case "timeWindow": {
      const { window, ...rest } = parametersOf(data)
      return timeWindow({ ...rest, windowMillis: time("window", window) })
    }
    case "additive":
      return additive(parametersOf(data))
    case "ewma": {
      const { window, ...rest } = parametersOf(data)
      return ewma({ ...rest, windowMillis: time("window", window) })
    }
    case "cusum":
      return cusum(parametersOf(data))
    case "beta": {
      const { halfLife, ...rest } = parametersOf(data)
      return beta({ ...rest, halfLifeMillis: time("halfLife", halfLife) })
    }
  }
}

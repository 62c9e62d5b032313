/**
 * The shared judgement of one key as the text a store keeps, and back.
 *
 * @since 0.1.0
 */
import * as CircuitSnapshot from "../circuit/CircuitSnapshot.ts"
import type { Policy, Shared } from "./FleetShared.ts"

/**
 * The record at `now`, in the store's milliseconds: JSON, `{"v":1,"circuit":{...},"witnesses":[...]}` with the circuit as
 * `CircuitSnapshot` writes it.
 *
 * @category records
 * @since 0.1.0
 */
export const encode = <S>(policy: Policy<S>, { circuit, witnesses }: Shared<S>, now: number): string =>
  JSON.stringify({ v: 1, circuit: CircuitSnapshot.take(policy, circuit, now), witnesses })

/**
 * The shared judgement of a record, with all its times as they were written: the store's clock goes on. Text that is no record of this
 * version and model gives `Invalid`, which names the field; fields it does not know are left out. No open time or lease lasts longer than
 * the policy can ask for by `now`, in the store's milliseconds, by default the time at which the record was written.
 *
 * **Example** (A record of another model)
 *
 * ```ts
 * import { CircuitPolicy, Fleet, HealthModel } from "@truce/core"
 *
 * const ledger = Fleet.make(CircuitPolicy.make(HealthModel.ledger()))
 * const cusum = Fleet.make(CircuitPolicy.make(HealthModel.cusum()))
 * const text = Fleet.encode(ledger, Fleet.empty(ledger, 42, 0), 0)
 *
 * const decoded = Fleet.decode(cusum, text)
 * decoded._tag === "Invalid" ? `${decoded.field} must be ${decoded.rule}` : "fine"
 * // => 'circuit.model must be "cusum", got "ledger"'
 * ```
 *
 * @category records
 * @since 0.1.0
 */
export const decode = <S>(
  policy: Policy<S>,
  text: string,
  now?: number
): { readonly _tag: "Decoded"; readonly shared: Shared<S> } | CircuitSnapshot.Invalid => {
  const record = parse(text)
  if (typeof record !== "object" || record === null) return invalid("record", "a JSON object")
  const version: unknown = Reflect.get(record, "v")
  if (version !== 1) return invalid("v", `1, got ${JSON.stringify(version)}`)
  const witnesses = readWitnesses(Reflect.get(record, "witnesses"))
  if (witnesses === undefined) return invalid("witnesses", "a list of whole numbers of at least 0")
  const restored = CircuitSnapshot.restore(policy, Reflect.get(record, "circuit"), unshifted(record))
  if (restored._tag === "Invalid") {
    return invalid(restored.field === "snapshot" ? "circuit" : `circuit.${restored.field}`, restored.rule)
  }
  const circuit = now === undefined ? restored.circuit : CircuitSnapshot.clamped(policy, restored.circuit, now)
  return { _tag: "Decoded", shared: { circuit, witnesses } }
}

const invalid = (field: string, rule: string): CircuitSnapshot.Invalid => ({ _tag: "Invalid", field, rule })

const parse = (text: string): unknown => {
  try {
    const data: unknown = JSON.parse(text)
    return data
  } catch {
    return undefined
  }
}

// The clock of the snapshot, read at the moment it was taken, shifts nothing.
const unshifted = (record: object): { readonly now: number; readonly elapsedMillis: number } => {
  const circuit: unknown = Reflect.get(record, "circuit")
  const takenAt: unknown = typeof circuit === "object" && circuit !== null ? Reflect.get(circuit, "takenAt") : 0
  return { now: typeof takenAt === "number" ? takenAt : 0, elapsedMillis: 0 }
}

const readWitnesses = (data: unknown): ReadonlyArray<number> | undefined => {
  if (!Array.isArray(data)) return undefined
  const found: Array<number> = []
  for (const item of data) {
    if (!Number.isSafeInteger(item) || item < 0) return undefined
    found.push(item)
  }
  return found
}

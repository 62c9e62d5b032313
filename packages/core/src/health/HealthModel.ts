/**
 * How outcomes move the health score, and when it trips the circuit.
 *
 * A model is a pure value: `{ init, observe, score, trips }` and a few constants. `ledger` is the default; the others are the field's
 * own rules behind the same interface, for comparison and for who needs them. A model never admits or rejects anything: the
 * circuit does.
 *
 * @since 0.1.0
 */
export type { HealthModel, Probation } from "./Model.ts"
export { type Ledger, type LedgerOptions, falseTripExponent, ledger, ledgerDefaults } from "./Ledger.ts"
export { type Consecutive, consecutive } from "./Consecutive.ts"
export { type CountWindow, countWindow } from "./CountWindow.ts"
export { type TimeWindow, timeWindow } from "./TimeWindow.ts"
export { type Additive, additive } from "./Additive.ts"
export { type Ewma, ewma } from "./Ewma.ts"
export { type Cusum, cusum } from "./Cusum.ts"
export { type Beta, beta } from "./Beta.ts"
export { type Data, fromData } from "./ModelData.ts"
export { type Opaque, opaque } from "./Opaque.ts"

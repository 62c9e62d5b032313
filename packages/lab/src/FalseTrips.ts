/** How many attempts pass before chance alone opens a circuit: exactly, by a linear system, and by running the core's model. */
import { type HealthModel, Outcome, Traffic } from "@truce/core"
import * as Random from "./Random.ts"

/** A clamped walk on whole numbers: it starts at `top`, a failure takes `down`, a success gives `up`, and it trips at `trip` or below. */
export interface Walk {
  readonly top: number
  readonly down: number
  readonly up: number
  readonly trip: number
}

/** The walks behind the models with fixed steps. */
export const walks = {
  /** -0.3 and +0.5, in tenths. */
  "additive -0.3/+0.5": { top: 10, down: 3, up: 5, trip: 0 },
  /** Any success leads back to the top. */
  "consecutive 5": { top: 5, down: 1, up: 5, trip: 0 },
  "ledger, n = 5": { top: 5, down: 1, up: 2, trip: 0 },
  "ledger, n = 8": { top: 8, down: 1, up: 2, trip: 0 }
} as const satisfies Record<string, Walk>

/** The mean number of attempts to a trip at the error rate p, failures independent: the solution of E(x) = 1 + p E(x - down) + (1 - p) E(x + up). */
export const exact = (walk: Walk, p: number): number => {
  const size = walk.top - walk.trip
  const index = (x: number): number => Math.min(walk.top, x) - walk.trip - 1
  const matrix = Array.from({ length: size }, (_, row) => {
    const x = walk.trip + 1 + row
    const line = Array.from({ length: size + 1 }, () => 0)
    const add = (column: number, value: number) => (line[column] = (line[column] ?? 0) + value)
    add(row, 1)
    add(size, 1)
    if (x - walk.down > walk.trip) add(index(x - walk.down), -p)
    add(index(x + walk.up), p - 1)
    return line
  })
  return solve(matrix)[size - 1] ?? NaN
}

/** Gauss with row pivots; each line holds its right side last. */
const solve = (matrix: ReadonlyArray<Array<number>>): ReadonlyArray<number> => {
  const lines = [...matrix]
  const size = lines.length
  const at = (row: number, column: number): number => lines[row]?.[column] ?? 0
  for (let column = 0; column < size; column++) {
    let pivot = column
    for (let row = column + 1; row < size; row++)
      if (Math.abs(at(row, column)) > Math.abs(at(pivot, column))) pivot = row
    const [chosen, other] = [lines[pivot], lines[column]]
    if (chosen === undefined || other === undefined) continue
    lines[column] = chosen
    lines[pivot] = other
    for (let row = 0; row < size; row++) {
      const line = lines[row]
      if (row === column || line === undefined) continue
      const factor = at(row, column) / at(column, column)
      for (let k = column; k <= size; k++) line[k] = (line[k] ?? 0) - factor * at(column, k)
    }
  }
  return Array.from({ length: size }, (_, row) => at(row, size) / at(row, row))
}

/** The mean over `trips` runs of the core's own model, one attempt every `everyMillis`, each from a healthy start. */
export const measured = <S>(
  model: HealthModel.HealthModel<S>,
  options: { readonly p: number; readonly trips: number; readonly everyMillis: number; readonly seed: number }
): number => {
  const draw = Random.uniform(options.seed, "errors")
  const failed = Outcome.mass(Outcome.failure(), 0, model.discount, 0)
  const succeeded = Outcome.mass(Outcome.success, 0, model.discount, 0)
  let attempts = 0
  let now = 0
  let traffic = Traffic.none
  for (let trip = 0; trip < options.trips; trip++) {
    for (let state = model.init; ;) {
      now += options.everyMillis
      const isFailure = draw(attempts++) < options.p
      traffic = Traffic.add(traffic, 1, isFailure ? 1 : 0, now)
      state = model.observe(state, isFailure ? failed : succeeded, traffic, now)
      if (isFailure && model.trips(state, now)) break
    }
  }
  return attempts / options.trips
}

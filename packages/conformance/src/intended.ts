/** In what the exports of the two bindings differ on purpose. A line that is no longer true fails the check, as does one that is missing. */
import type { Intended } from "./Exports.ts"

export const intended: ReadonlyArray<Intended> = []

/** Scenarios and designs by the names a user gives. */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import leven from "leven"
import { matchesGlob } from "node:path"

/** No scenario, design or metric has this name. */
export class UnknownName extends Data.TaggedError("UnknownName")<{
  readonly kind: string
  readonly given: string
  readonly nearest: ReadonlyArray<string>
}> {
  override get message(): string {
    const { given, kind, nearest } = this
    return `no ${kind} is named "${given}". Nearest: ${nearest.join(", ")}. "list" shows all.`
  }
}

interface Named {
  readonly name: string
}

export const one = <A extends Named>(
  kind: string,
  all: ReadonlyArray<A>,
  given: string
): Effect.Effect<A, UnknownName> => {
  const found = all.find(({ name }) => name === given)
  return found === undefined ? Effect.fail(unknown(kind, all, given)) : Effect.succeed(found)
}

/** Those that a name or a glob means, in the order of `all`; all where none is given. */
export const some = <A extends Named>(
  kind: string,
  all: ReadonlyArray<A>,
  globs: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<A>, UnknownName> => {
  if (globs.length === 0) return Effect.succeed(all)
  const isMeant = (glob: string, name: string): boolean => glob === name || matchesGlob(name, glob)
  const vain = globs.find((glob) => !all.some(({ name }) => isMeant(glob, name)))
  if (vain !== undefined) return Effect.fail(unknown(kind, all, vain))
  return Effect.succeed(all.filter(({ name }) => globs.some((glob) => isMeant(glob, name))))
}

const unknown = (kind: string, all: ReadonlyArray<Named>, given: string): UnknownName =>
  new UnknownName({ kind, given, nearest: nearest(all, given) })

/** A name that has what was given within it is nearer than any other. */
const nearest = (all: ReadonlyArray<Named>, given: string): ReadonlyArray<string> => {
  const plain = given.replaceAll(/[*?[\]{}]/g, "").toLowerCase()
  const distance = (name: string): number => (plain !== "" && name.includes(plain) ? 0 : leven(name, plain))
  return all
    .map(({ name }) => ({ name, distance: distance(name) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name)
}

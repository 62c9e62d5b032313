/** Two folders of which one is made from the other: what must be made, what is in order, and what is in the way. */
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join, matchesGlob, resolve } from "node:path"
import { hash, headerOf, isEdited, withHeader } from "./Made.ts"
import type { Fault } from "./Table.ts"

export interface Tree {
  /** Folders from the root of the repository. */
  readonly from: string
  readonly to: string
  /** Files of `from` that have no twin. */
  readonly only?: ReadonlyArray<string>
  /** Files of `to` that are written by hand. */
  readonly byHand: ReadonlyArray<string>
}

/** One file to make. */
export interface Job {
  readonly source: string
  readonly target: string
  readonly code: string
  readonly input: string
}

export interface Survey {
  readonly stale: ReadonlyArray<Job>
  readonly fresh: number
  /** Made files whose source is gone. */
  readonly orphans: ReadonlyArray<string>
  readonly faults: ReadonlyArray<Fault>
}

const files = (folder: string): ReadonlyArray<string> =>
  globSync("**/*.{ts,mjs}", { cwd: folder, exclude: (path) => path === "node_modules" }).sort()

const isOneOf = (file: string, globs: ReadonlyArray<string>): boolean => globs.some((glob) => matchesGlob(file, glob))

/** Compares the two folders. With `isForced` nothing made is kept, not even what was edited. */
export const survey = (root: string, tree: Tree, rules: string, isForced: boolean): Survey => {
  const stale: Array<Job> = []
  const faults: Array<Fault> = []
  const made = new Set<string>()
  let fresh = 0
  for (const file of files(resolve(root, tree.from))) {
    if (isOneOf(file, tree.only ?? []) || isOneOf(file, tree.byHand)) continue
    made.add(file)
    const source = join(tree.from, file)
    const target = join(tree.to, file)
    const code = readFileSync(resolve(root, source), "utf8")
    const input = hash(code, rules)
    const present = existsSync(resolve(root, target)) ? readFileSync(resolve(root, target), "utf8") : undefined
    const header = present === undefined ? undefined : headerOf(present)
    if (present !== undefined && !isForced) {
      if (header === undefined) {
        faults.push({ file: target, line: 1, message: `is not made, where ${source} would be made into it` })
        continue
      }
      if (isEdited(present, header)) {
        const advice = "`pnpm twin --force` drops it"
        faults.push({ file: target, line: 1, message: `was edited, and the edit belongs into ${source}; ${advice}` })
        continue
      }
      if (header.input === input) {
        fresh++
        continue
      }
    }
    stale.push({ source, target, code, input })
  }
  const others = files(resolve(root, tree.to)).filter((file) => !made.has(file) && !isOneOf(file, tree.byHand))
  const orphans: Array<string> = []
  for (const file of others) {
    const target = join(tree.to, file)
    const text = readFileSync(resolve(root, target), "utf8")
    const header = headerOf(text)
    if (header !== undefined && (isForced || !isEdited(text, header))) orphans.push(target)
    else {
      const rule = header === undefined ? "is neither made nor listed as written by hand" : "was edited"
      faults.push({ file: target, line: 1, message: `${rule}, and ${join(tree.from, file)} does not exist` })
    }
  }
  return { stale, fresh, orphans, faults }
}

/** Whole, or not at all: another run may read it. */
export const write = (root: string, { input, source, target }: Job, code: string): void => {
  const file = resolve(root, target)
  mkdirSync(dirname(file), { recursive: true })
  const aside = `${file}.${process.pid}`
  writeFileSync(aside, withHeader(source, input, code))
  renameSync(aside, file)
}

export const remove = (root: string, target: string): void => rmSync(resolve(root, target))

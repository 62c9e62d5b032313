/** What the rules of the twin are: data that says how code for Effect 3 reads on Effect 4. */

/** A pattern of ast-grep and what its matches become; `$A` is a node and `$$$A` a list of them, both rewritten in turn. */
export interface Pattern {
  readonly from: string
  readonly to: string
  /** How many nodes `$$$A` must hold at least; fewer are left to the next rule. */
  readonly min?: number
  /** Imports that the result wants: local name to `module#name`, or `module` for the whole of it. */
  readonly needs?: Readonly<Record<string, string>>
}

export interface Table {
  /** What is imported, as `module` or `module#name`, and where Effect 4 has it. */
  readonly imports: Readonly<Record<string, string>>
  /** `Namespace.name`, by what it is on Effect 4. */
  readonly names: Readonly<Record<string, string>>
  /** Members of values, whatever the value: only names that nobody else has. */
  readonly members: Readonly<Record<string, string>>
  readonly patterns: ReadonlyArray<Pattern>
  /** Whole phrases of comments and texts. */
  readonly phrases: Readonly<Record<string, string>>
  /** The members of each namespace that mean the same on both: one that is in no list is a fault. */
  readonly same: Readonly<Record<string, ReadonlyArray<string>>>
}

/** Where something is wrong, and what. */
export interface Fault {
  readonly file: string
  readonly line: number
  readonly message: string
}

/** The rules that were used, so that one that matches nothing is found. */
export type Used = Set<string>

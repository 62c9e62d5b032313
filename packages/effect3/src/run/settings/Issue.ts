/** A fault of options, with its path. */
export interface Issue {
  readonly path: ReadonlyArray<string>
  readonly rule: string
}

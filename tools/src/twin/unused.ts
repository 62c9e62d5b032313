/** A rule that matches nothing is one that nobody needs, or one that misses what it was written for. */
import type { Fault, Used } from "./Table.ts"
import { table } from "./rules.ts"

export const unused = (used: Used): ReadonlyArray<Fault> => {
  const rules = [
    ...Object.keys(table.imports).map((key) => [key, `import ${key}`]),
    ...Object.keys(table.names).map((key) => [key, key]),
    ...Object.keys(table.members).map((key) => [`.${key}`, `.${key}`]),
    ...table.patterns.map(({ from }) => [from, from]),
    ...Object.keys(table.phrases).map((key) => [key, key]),
    ...Object.entries(table.same).flatMap(([namespace, names]) =>
      names.map((name) => [`${namespace}.${name}`, `same ${namespace}.${name}`])
    )
  ]
  return rules
    .filter(([, id = ""]) => !used.has(id))
    .map(([rule]) => ({ file: "tools/src/twin/rules.ts", line: 1, message: `the rule for ${rule} matches nothing` }))
}

/** Options may stand after the arguments too, as everywhere else; the parser wants them before. */

/** Options that take no value. */
const flags: ReadonlySet<string> = new Set(["--check", "--tables", "--help", "-h", "--trace", "--version", "--wizard"])

/** Puts the options of the command before its arguments; `--` ends the options. */
export const optionsFirst = (argv: ReadonlyArray<string>): ReadonlyArray<string> => {
  const [runtime = "", script = "", ...given] = argv
  const at = given.findIndex((token) => !token.startsWith("-"))
  if (at === -1) return argv
  const options: Array<string> = []
  const rest: Array<string> = []
  for (let index = at + 1; index < given.length; index++) {
    const token = given[index] ?? ""
    if (token === "--") {
      rest.push(...given.slice(index))
      break
    }
    if (!token.startsWith("-") || token === "-") rest.push(token)
    else {
      options.push(token)
      const value = given[index + 1]
      if (flags.has(token) || token.includes("=") || value === undefined) continue
      options.push(value)
      index++
    }
  }
  return [runtime, script, ...given.slice(0, at + 1), ...options, ...rest]
}

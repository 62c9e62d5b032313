/** What --help says of a command: what it does, and commands to try. */
import * as HelpDoc from "@effect/cli/HelpDoc"

export const help = (description: string, examples: readonly [string, ...ReadonlyArray<string>]): HelpDoc.HelpDoc => {
  const [first, ...rest] = examples
  return HelpDoc.blocks([
    HelpDoc.p(description),
    HelpDoc.h1("EXAMPLES"),
    HelpDoc.enumeration([HelpDoc.p(first), ...rest.map((example) => HelpDoc.p(example))])
  ])
}

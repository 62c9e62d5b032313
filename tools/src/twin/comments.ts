/** The code in doc comments is code too; the prose around it changes by whole phrases. */

/** What is made of the two parts of a comment; `line` is how many lines of it stand before the code. */
export interface Parts {
  readonly prose: (text: string) => string
  readonly code: (text: string, line: number) => string
}

const fence = /^([ \t]*\* )```ts[^\n]*\n([\s\S]*?)^[ \t]*\* ```[ \t]*$/gm

export const rewriteComment = (comment: string, { code, prose }: Parts): string => {
  let text = ""
  let at = 0
  for (const found of comment.matchAll(fence)) {
    const [whole, prefix = "", body = ""] = found
    const begin = found.index + whole.indexOf("\n") + 1
    const lines = body.split("\n").slice(0, -1)
    const made = code(
      lines.map((line) => line.slice(prefix.length)).join("\n"),
      comment.slice(0, begin).split("\n").length - 1
    )
    const framed = made
      .trimEnd()
      .split("\n")
      .map((line) => `${`${prefix}${line}`.trimEnd()}\n`)
    text += prose(comment.slice(at, begin)) + framed.join("")
    at = begin + body.length
  }
  return text + prose(comment.slice(at))
}

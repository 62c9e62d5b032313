import * as Result from "effect/Result"
import * as Encoding from "effect/Encoding"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * A key as one segment of a path.
 *
 * The router has undone the percent encoding when this is decoded, and the client leaves it to this: so it encodes, and does not decode.
 * What a segment cannot carry is base64url behind a tilde: nothing, what a URL takes for a step in the tree, a letter whose lower case is
 * longer (routers that compare without case lose their place), and what begins with a tilde itself.
 */
export const PathKey = Schema.transformOrFail(Schema.String, Schema.String, {
  strict: true,
  decode: (segment, _, ast) =>
    segment.startsWith("~")
      ? Result.mapLeft(
          Encoding.decodeBase64UrlString(segment.slice(1)),
          () => new ParseResult.Type(ast, segment, "Expected base64url behind ~")
        )
      : ParseResult.succeed(segment),
  encode: (key, _, ast) =>
    // Half of a pair of code units: no text, and no encoding knows it.
    /\p{Surrogate}/u.test(key)
      ? ParseResult.fail(new ParseResult.Type(ast, key, "Expected a key that UTF-8 can carry"))
      : ParseResult.succeed(
          /^(\.{0,2}$|~)|\u0130/.test(key) ? `~${Encoding.encodeBase64Url(key)}` : encodeURIComponent(key)
        )
})

import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * A text as one segment of a path, base64url behind a tilde where `isHidden`, which what begins with one must be.
 *
 * The router has undone the percent encoding when this is decoded, and the client leaves it to this: so it encodes, and does not decode.
 */
export const pathSegment = (isHidden: (text: string) => boolean) =>
  Schema.transformOrFail(Schema.String, Schema.String, {
    strict: true,
    decode: (segment, _, ast) =>
      segment.startsWith("~")
        ? Either.mapLeft(
            Encoding.decodeBase64UrlString(segment.slice(1)),
            () => new ParseResult.Type(ast, segment, "Expected base64url behind ~")
          )
        : ParseResult.succeed(segment),
    encode: (text, _, ast) =>
      // Half of a pair of code units: no text, and no encoding knows it.
      /\p{Surrogate}/u.test(text)
        ? ParseResult.fail(new ParseResult.Type(ast, text, "Expected a key that UTF-8 can carry"))
        : ParseResult.succeed(isHidden(text) ? `~${Encoding.encodeBase64Url(text)}` : encodeURIComponent(text))
  })

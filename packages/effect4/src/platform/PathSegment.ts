import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"

/**
 * A text as one segment of a path, base64url behind a tilde where `isHidden`, which what begins with one must be.
 *
 * The percent encoding is the client's and the router's to do and undo.
 */
export const pathSegment = (isHidden: (text: string) => boolean) =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.String,
      SchemaTransformation.transformEffect<string, string>({
        decode: (segment, options) =>
          segment.startsWith("~")
            ? Result.match(Base64Url.decodeString(segment.slice(1)), {
                onFailure: () =>
                  Effect.fail(new SchemaIssue.InvalidValue({ expected: "base64url behind ~" }, segment, options)),
                onSuccess: Effect.succeed
              })
            : Effect.succeed(segment),
        encode: (text, options) =>
          // Half of a pair of code units: no text, and no encoding knows it.
          /\p{Surrogate}/u.test(text)
            ? Effect.fail(new SchemaIssue.InvalidValue({ expected: "a key that UTF-8 can carry" }, text, options))
            : Effect.succeed(isHidden(text) ? `~${Base64Url.encode(text)}` : text)
      })
    )
  )

import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"

/**
 * A key as one segment of a path, whose percent encoding is the client's and the router's to do and undo.
 *
 * What a segment cannot carry is base64url behind a tilde: nothing, what a URL takes for a step in the tree, a letter whose lower case is
 * longer (routers that compare without case lose their place), and what begins with a tilde itself.
 */
export const PathKey = Schema.String.pipe(
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
      encode: (key, options) =>
        // Half of a pair of code units: no text, and no encoding knows it.
        /\p{Surrogate}/u.test(key)
          ? Effect.fail(new SchemaIssue.InvalidValue({ expected: "a key that UTF-8 can carry" }, key, options))
          : Effect.succeed(/^(\.{0,2}$|~)|\u0130/.test(key) ? `~${Base64Url.encode(key)}` : key)
    })
  )
)

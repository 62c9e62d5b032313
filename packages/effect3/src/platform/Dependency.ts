/**
 * How a dependency is defined.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type { AttemptTimeout } from "../AttemptTimeout.ts"
import { type Defined, type Definition, type DependencyClass, defined } from "../run/dependency.ts"

/**
 * Defines a dependency.
 *
 * **Example** (One per dependency)
 *
 * ```ts
 * import { Classifier, Dependency, Truce } from "@truce/effect3"
 * import { Data, Effect, Layer } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 *
 * class UsersApi extends Dependency.Tag("UsersApi")<UsersApi>()({
 *   key: "users-api",
 *   classify: Classifier.tags<Timeout>()({ Timeout: "retriable" }),
 *   circuit: { openFor: "2 seconds" },
 *   retry: { attempts: 2 }
 * }) {}
 *
 * const program = Effect.succeed("Ada").pipe(UsersApi.protect)
 * const layer = UsersApi.layer.pipe(Layer.provide(Truce.layer()))
 * await Effect.runPromise(Effect.provide(program, layer)) // => "Ada"
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const Tag =
  <const Id extends string>(id: Id) =>
  <Self>() => {
    function define<E, ER extends E, EP extends E>(
      definition: Definition<E, ER, EP> & { readonly attemptTimeout?: undefined }
    ): DependencyClass<Self, Id, E, ER, EP, never>
    function define<E, ER extends E, EP extends E, const RetryTimeouts extends boolean = true>(
      definition: Definition<E, ER, EP, RetryTimeouts> & {
        readonly attemptTimeout: Duration.DurationInput | undefined
      }
    ): DependencyClass<Self, Id, E, ER, EP, AttemptTimeout, RetryTimeouts>
    function define<E, ER extends E, EP extends E>(definition: Defined<E, ER, EP>) {
      return defined<Self, Id, E, ER, EP>(id, definition)
    }
    return define
  }

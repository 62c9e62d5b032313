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
 * import { Classifier, Dependency, Truce } from "@truce/effect4"
 * import { Data, Effect, Layer } from "effect"
 *
 * class Timeout extends Data.TaggedError("Timeout")<{}> {}
 *
 * class UsersApi extends Dependency.Service<UsersApi>()("UsersApi", {
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
export const Service = <Self>() => {
  function define<const Id extends string, E, ER extends E, EP extends E>(
    id: Id,
    definition: Definition<E, ER, EP> & { readonly attemptTimeout?: undefined }
  ): DependencyClass<Self, Id, E, ER, EP, never>
  function define<const Id extends string, E, ER extends E, EP extends E, const RetryTimeouts extends boolean = true>(
    id: Id,
    definition: Definition<E, ER, EP, RetryTimeouts> & { readonly attemptTimeout: Duration.Input | undefined }
  ): DependencyClass<Self, Id, E, ER, EP, AttemptTimeout, RetryTimeouts>
  function define<const Id extends string, E, ER extends E, EP extends E>(id: Id, definition: Defined<E, ER, EP>) {
    return defined<Self, Id, E, ER, EP>(id, definition)
  }
  return define
}

/**
 * A dependency with a name of its own in the types: a service whose key, classifier and policies are fixed where it is defined.
 *
 * @since 0.1.0
 */
export type { Definition, DependencyClass } from "./run/dependency.ts"
export * from "./platform/Dependency.ts"

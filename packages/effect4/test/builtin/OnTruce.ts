/** Effect's module, with what builds the breaker from Truce: an explicit export comes before one of `*`. */
export * from "effect/persistence/CircuitBreaker"
export { layer, make } from "../../src/BuiltinBreaker.ts"

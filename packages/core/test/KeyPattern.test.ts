import { KeyPattern } from "@truce/core"
import { describe, expect, it } from "vitest"

const find = (patterns: ReadonlyArray<string>, key: string): string | undefined =>
  new KeyPattern.KeyPattern(patterns.map((pattern) => [pattern, pattern])).find(key)

describe("a key pattern", () => {
  it("is beaten by the exact key, whatever the order", () => {
    expect(find(["*", "users-*", "users-api"], "users-api")).toBe("users-api")
  })

  it("is beaten by one with more characters of its own, and by an equal one written first", () => {
    expect(find(["*", "u*", "users-*"], "users-api")).toBe("users-*")
    expect(find(["us*", "*pi"], "users-api")).toBe("us*")
  })

  it("finds its parts in order and without overlap", () => {
    expect(find(["a*b*c"], "a-b-c")).toBe("a*b*c")
    expect(find(["a*b*c"], "a-c-b")).toBeUndefined()
    expect(find(["ab*ba"], "aba")).toBeUndefined()
    expect(find(["*"], "")).toBe("*")
  })

  it("is searched without backtracking", () => {
    expect(find(["*a".repeat(50) + "b"], "a".repeat(50_000))).toBeUndefined()
  })

  it("finds nothing among none", () => {
    expect(KeyPattern.KeyPattern.of().find("users-api")).toBeUndefined()
  })
})

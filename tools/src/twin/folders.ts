import type { Tree } from "./Tree.ts"

export const trees: ReadonlyArray<Tree> = [
  {
    from: "packages/effect3/src",
    to: "packages/effect4/src",
    only: ["platform/**"],
    byHand: ["platform/**", "BuiltinBreaker.ts"]
  },
  {
    from: "packages/effect3/test",
    to: "packages/effect4/test",
    only: ["platform/**"],
    byHand: ["platform/**", "BuiltinBreaker*.test.ts", "builtin/**"]
  },
  {
    from: "examples/basics/src",
    to: "examples/effect4/src",
    only: ["platform/**"],
    byHand: [
      "platform/**",
      "19-rpc-client.ts",
      "20-sql-client.ts",
      "23-operators-api.ts",
      "29-effect-own-breaker.ts",
      "nodeSqlite.ts"
    ]
  }
]

/** Pages whose examples are shown for both. */
export const pages: ReadonlyArray<string> = ["README.md", "docs/*.md"]

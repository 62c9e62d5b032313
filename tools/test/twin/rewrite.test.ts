import { describe, expect, test } from "vitest"
import { rewrite } from "../../src/twin/rewrite.ts"
import type { Table } from "../../src/twin/Table.ts"

const table: Table = {
  imports: {
    "@effect/platform": "effect/http",
    "@effect/platform#KeyValueStore": "effect/persistence#KeyValueStore",
    "effect/ConfigError#*": "effect/Config#*",
    "effect/TestClock#*": "effect/testing/TestClock#*"
  },
  names: {
    "Duration.DurationInput": "Duration.Input",
    "Effect.fork": "Effect.forkChild",
    "Effect.Effect.Success": "Effect.Success",
    "ConfigError.ConfigError": "Config.ConfigError"
  },
  members: { unsafeMake: "makeUnsafe" },
  patterns: [
    { from: "Context.Tag($ID)<$$$T>()", to: "Context.Service<$$$T>()($ID)" },
    { from: "Schema.Union($$$A)", to: "Schema.Union([$$$A])" },
    { from: "Schema.Literal($$$A)", to: "Schema.Literals([$$$A])", min: 2 },
    { from: "TestContext.TestContext", to: "TestClock.layer()", needs: { TestClock: "effect/testing#TestClock" } }
  ],
  phrases: { "@truce/effect3": "@truce/effect4", "one STM transaction": "one transaction" },
  same: { Effect: ["map", "Effect"], Schema: ["Literal", "String"], Config: ["Config"], Duration: [] }
}

const faultsOf = (code: string) => rewrite(code, table, { file: "a.ts", line: 1 }, new Set()).faults
const made = (code: string) => rewrite(code, table, { file: "a.ts", line: 1 }, new Set()).code

describe("the rules", () => {
  test("rename a member of a namespace, in values and in types", () => {
    expect(made("Effect.fork(a); type T = Duration.DurationInput")).toBe("Effect.forkChild(a); type T = Duration.Input")
  })

  test("rename a name of three parts as a whole", () => {
    expect(made("type T = Effect.Effect.Success<typeof a>")).toBe("type T = Effect.Success<typeof a>")
  })

  test("rename a member of any value", () => {
    expect(made("FiberRef.unsafeMake(1); store.unsafeMake")).toBe("FiberRef.makeUnsafe(1); store.makeUnsafe")
  })

  test("rename the key that declares or gives a member, and no other word", () => {
    expect(made("const unsafeMake = { unsafeMake: 1 }")).toBe("const unsafeMake = { makeUnsafe: 1 }")
  })

  test("turn arguments into a list, those inside of it too", () => {
    expect(made('Schema.Union(Schema.Literal("a", "b"), /* c */ Schema.Union(A))')).toBe(
      'Schema.Union([Schema.Literals(["a", "b"]), /* c */ Schema.Union([A])])'
    )
  })

  test("need as many arguments as they say", () => {
    expect(made('Schema.Literal("a")')).toBe('Schema.Literal("a")')
  })

  test("turn the tag of a class round, with its types", () => {
    expect(made('class A extends Context.Tag("a")<A, Shape<B>>() {}')).toBe(
      'class A extends Context.Service<A, Shape<B>>()("a") {}'
    )
  })

  test("keep places behind characters of several bytes", () => {
    expect(made('const é = "ü→" + Effect.fork(a)')).toBe('const é = "ü→" + Effect.forkChild(a)')
  })
})

describe("texts", () => {
  test("change by whole phrases", () => {
    expect(made('// one STM transaction\nconst id = "@truce/effect3/Permit"')).toBe(
      '// one transaction\nconst id = "@truce/effect4/Permit"'
    )
  })

  test("code in a doc comment is rewritten as code", () => {
    const comment = (code: string) => `/**\n * Prose.\n *\n * \`\`\`ts\n * ${code}\n * \`\`\`\n */`
    expect(made(comment("Effect.fork(a)"))).toBe(comment("Effect.forkChild(a)"))
  })
})

describe("imports", () => {
  test("move to where Effect 4 has them, one by one", () => {
    expect(made('import { HttpClient, KeyValueStore } from "@effect/platform"\nHttpClient; KeyValueStore')).toBe(
      'import { HttpClient } from "effect/http"\nimport { KeyValueStore } from "effect/persistence"\nHttpClient; KeyValueStore'
    )
  })

  test("that the code no longer names are dropped", () => {
    const code =
      'import * as Config from "effect/Config"\nimport type * as ConfigError from "effect/ConfigError"\ntype A = ConfigError.ConfigError | Config.Config<1>'
    expect(made(code)).toBe('import * as Config from "effect/Config"\ntype A = Config.ConfigError | Config.Config<1>')
  })

  test("that a rule wants are added, and a whole module keeps its name", () => {
    expect(made('import { TestContext } from "effect"\nTestContext.TestContext')).toBe(
      'import { TestClock } from "effect/testing"\nTestClock.layer()'
    )
    expect(made('import * as TestClock from "effect/TestClock"\nTestClock')).toBe(
      'import * as TestClock from "effect/testing/TestClock"\nTestClock'
    )
  })
})

describe("what no rule can carry over", () => {
  test("is a fault with file and line", () => {
    expect(faultsOf('import * as Effect from "effect/Effect"\n\nEffect.map\nEffect.unheardOf(1)')).toEqual([
      { file: "a.ts", line: 4, message: "Effect.unheardOf: no rule says what it is on Effect 4" }
    ])
  })

  test("in a doc comment has the line of the file", () => {
    const code = '/**\n * Prose.\n *\n * ```ts\n * import { Effect } from "effect"\n * Effect.unheardOf\n * ```\n */'
    expect(faultsOf(code)).toMatchObject([{ line: 6 }])
  })

  test("is a call that its pattern misses", () => {
    expect(faultsOf('import { Schema } from "effect"\nconst union = Schema.Union')).toMatchObject([{ line: 2 }])
  })

  test("is what cannot be read, but for a word that the parser does not know", () => {
    expect(faultsOf("const a = 1\nconst b = (")).toMatchObject([{ line: 2 }])
    expect(faultsOf("interface A<out E> { readonly e: E }")).toEqual([])
  })

  test("is a comment between imports", () => {
    expect(faultsOf('import "a"\n// lost\nimport "b"')).toMatchObject([{ line: 2 }])
  })

  test("is nothing of the user's own", () => {
    expect(faultsOf("const Effect = { unheardOf: 1 }\nEffect.unheardOf")).toEqual([])
  })
})

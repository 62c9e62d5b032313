import { existsSync, readFileSync, readdirSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { Circuit, CircuitPolicy, HealthModel, Outcome } from "@truce/core"
import { describe, expect, it } from "vitest"
import { attempt, failure, modelNames, withModel } from "./support.ts"

const src = fileURLToPath(new URL("../src", import.meta.url))
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => join(src, name))

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "")
const sources = files.map((file) => ({ file, code: withoutComments(readFileSync(file, "utf8")) }))

describe("core", () => {
  it("is read by this test", () => {
    expect(sources.length).toBeGreaterThan(25)
  })

  it.each(sources.map(({ code, file }) => [relative(src, file), code] as const))(
    "imports only core: %s",
    (name, code) => {
      const specifiers = [...code.matchAll(/(?<!["'.])\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map(
        (match) => match[1] ?? ""
      )
      expect(specifiers.length).toBe(
        [...code.matchAll(/^\s*(import|export)\b[^=\n]*\bfrom\b|^\} from\b|\bimport\(/gm)].length
      )
      for (const specifier of specifiers) {
        const target = resolve(dirname(join(src, name)), specifier)
        expect(specifier).toMatch(/^\.{1,2}\//)
        expect(relative(src, target)).not.toMatch(/^\.\./)
        expect(existsSync(target)).toBe(true)
      }
    }
  )

  it.each(sources.map(({ code, file }) => [relative(src, file), code] as const))(
    "reads no clock, no chance and no world: %s",
    (_, code) => {
      // A batch has a field `process`: the global is what is read of, handed on, or taken apart.
      const world =
        /(?<![.\w])process\s*(?:\?\.|[.[])|=\s*process\b|\b(Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|console|crypto|fetch|globalThis|require|Promise|async|await|hrtime|Intl|eval)\b|\bMath\s*\.\s*random\b|\bMath\s*\[/
      expect(world.exec(code)?.[0]).toBeUndefined()
    }
  )

  it("keeps no state of its own between calls", () => {
    for (const { code, file } of sources) {
      const mutable = [
        ...code.matchAll(/^(?:export )?(?:let|var)\b.*$|^const \w+ = new (?:Map|Set|WeakMap|Array)\b.*$/gm)
      ]
      expect([relative(src, file), mutable.map((match) => match[0])]).toEqual([relative(src, file), []])
    }
  })
})

/** Every object reachable from a value that was not seen before. */
const newObjects = (value: unknown, seen: WeakSet<object>): number => {
  const open = [value]
  let count = 0
  while (open.length > 0) {
    const next = open.pop()
    if (typeof next !== "object" || next === null || seen.has(next)) continue
    seen.add(next)
    count++
    open.push(...Object.values(next))
  }
  return count
}

/** Numbers, strings and references that a value holds in all. */
const fields = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? Object.values(value).reduce<number>((sum, item) => sum + fields(item), 1)
    : 1

describe("the cost of an update", () => {
  it.each([10, 1_000, 100_000])("makes the same few objects on average in a countWindow of %d", (size) => {
    const model = HealthModel.countWindow({ size })
    const seen = new WeakSet<object>()
    const masses = [failure, Outcome.success, Outcome.success].map((outcome) => Outcome.mass(outcome, 0, 1, 0))
    const updates = 3 * Math.max(size, 1_000)
    let state = model.init
    let objects = newObjects(state, seen)
    for (let i = 0; i < updates; i++) {
      const mass = masses[i % masses.length]
      if (mass === undefined) break
      state = model.observe(state, mass, { attempts: 1, failures: 0, at: 0 }, 0)
      objects += newObjects(state, seen)
    }
    // The state and its queue, and one word for every thirty bits, twice.
    expect(objects / updates).toBeLessThan(2.2)
  })

  it("makes at most one object of a countWindow's words in a push", () => {
    const model = HealthModel.countWindow({ size: 100_000 })
    const mass = Outcome.mass(failure, 0, 1, 0)
    let state = model.init
    for (let i = 0; i < 50_000; i++) {
      const next = model.observe(state, mass, { attempts: 1, failures: 0, at: 0 }, 0)
      const shared = next.bits.back === state.bits.back || next.bits.back?.next === state.bits.back
      if (!shared) throw new Error(`the words were copied at ${i}`)
      state = next
    }
    expect(state.bits.length).toBe(50_000)
  })

  it.each([10, 10_000, 10_000_000])("copies ten numbers and no more in a timeWindow of %d ms", (windowMillis) => {
    const model = HealthModel.timeWindow({ windowMillis })
    let state = model.init
    for (let i = 0; i < 1_000; i++) {
      const failed = i % 3 === 0
      const mass = Outcome.mass(failed ? failure : Outcome.success, 0, 1, 0)
      state = model.observe(state, mass, { attempts: 1, failures: 0, at: 0 }, i * 7)
      expect([state.failures.length, state.successes.length]).toEqual([10, 10])
    }
  })

  it.each(modelNames.filter((name) => name !== "countWindow"))("leaves a circuit of %s as small as it was", (name) => {
    withModel(name, (model) => {
      const policy = CircuitPolicy.make(model)
      let circuit = Circuit.make(policy, 1)
      const sizes = new Set<number>()
      for (let i = 0; i < 3_000; i++) {
        circuit = Circuit.disable(circuit, "", i)
        circuit = attempt(policy, circuit, i % 3 === 0 ? failure : Outcome.success, i)
        if (circuit.moves.length === 5) sizes.add(fields({ ...circuit, moves: [] }))
        expect(circuit.moves.length).toBeLessThanOrEqual(5)
      }
      expect(sizes.size).toBe(1)
    })
  })
})

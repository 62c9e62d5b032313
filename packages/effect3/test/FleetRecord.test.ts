import { it } from "@effect/vitest"
import type { CircuitSnapshot } from "@truce/core"
import * as Fleet from "@truce/effect3/Fleet"
import * as FleetRecord from "@truce/effect3/FleetRecord"
import * as FleetStore from "@truce/effect3/FleetStore"
import { Effect, Layer, Schema, TestClock } from "effect"
import { describe, expect } from "vitest"
import { answering, attempt, failing, settled, steady, times } from "./support.ts"

const decode = Schema.decodeUnknownSync(FleetRecord.fromJson)

const errorOf = (text: string): string => {
  try {
    decode(text)
    return "fine"
  } catch (error) {
    return String(error)
  }
}

/** Everything that a fleet of two writes while it opens and closes twice: the second close is a slow start. */
const written = Effect.gen(function* () {
  const texts: Array<string> = []
  const store = yield* FleetStore.FleetStore
  const watched = Layer.succeed(FleetStore.FleetStore, {
    ...store,
    swap: (swap) => {
      texts.push(swap.text)
      return store.swap(swap)
    }
  })
  const process = (name: string) =>
    Layer.build(
      Layer.fresh(
        Layer.provideMerge(
          Fleet.layer({ process: name }).pipe(Layer.provide(watched)),
          steady({ circuit: { slowStart: true } })
        )
      )
    )
  const [one, two] = [yield* process("web-1"), yield* process("web-2")]
  const flushed = Effect.zipRight(TestClock.adjust(250), times(6, settled))
  for (const trip of [1, 2]) {
    for (let i = 0; i < 8; i++) {
      yield* Effect.provide(attempt(failing), one)
      yield* Effect.provide(attempt(failing), two)
      yield* flushed
    }
    yield* TestClock.adjust(`${trip} seconds`)
    for (let i = 0; i < 4; i++) {
      yield* Effect.provide(attempt(answering), one)
      yield* flushed
    }
  }
  return texts
}).pipe(Effect.provide(FleetStore.layerMemory))

const example = (by: unknown) =>
  `{"v":1,"circuit":{"version":1,"model":"ledger","takenAt":0,"mode":{"_tag":"Automatic","reason":"","since":0},
  "state":{"_tag":"Closed","since":0},"generation":0,"openings":{"inARow":0,"lastMillis":0,"rampMillis":0},"seed":7,
  "traffic":{"attempts":0,"failures":0,"at":0,"slowest":0,"succeededAt":0},"health":{}},"witnesses":[],"by":${JSON.stringify(by)}}`

describe("the record of a fleet", () => {
  it.scoped("is what its schema says in every state, field by field", () =>
    Effect.gen(function* () {
      const texts = yield* written
      const states: Array<string> = []
      for (const text of texts) {
        const record = yield* Schema.decode(FleetRecord.fromJson)(text)
        // What the schema does not name would be missing.
        expect(JSON.parse(yield* Schema.encode(FleetRecord.fromJson)(record))).toEqual(JSON.parse(text))
        expect(record.by).toMatch(/^web-[12]\/[a-z0-9]+\/\d+$/)
        const { ramp, ...rest } = { ramp: undefined, ...record.circuit.state }
        states.push(ramp === undefined ? rest._tag : "on a ramp")
      }
      expect(new Set(states)).toEqual(new Set(["Closed", "Open", "HalfOpen", "on a ramp"]))
    })
  )

  it("of another version, or with a field that is none, is an error that names the field", () => {
    expect(errorOf(example("web-1/1"))).toBe("fine")
    const errors = [example("web-1/1").replace('"v":1', '"v":2'), example(3), example("").replace("Closed", "Ajar")]
    const told = errors.map(errorOf)
    expect(told[0]).toContain('["v"]')
    expect(told[1]).toContain('["by"]')
    expect(told[2]).toContain('["state"]')
  })

  it("has the circuit of a snapshot, type for type", () => {
    const ofRecord = (circuit: FleetRecord.FleetRecord["circuit"]): CircuitSnapshot.Snapshot => ({
      ...circuit,
      traffic: { slowest: 0, succeededAt: 0, ...circuit.traffic },
      state: circuit.state._tag === "Closed" ? { ramp: undefined, ...circuit.state } : circuit.state
    })
    const ofSnapshot = (snapshot: CircuitSnapshot.Snapshot): FleetRecord.FleetRecord["circuit"] => snapshot
    const circuit = decode(example("")).circuit
    expect(ofSnapshot(ofRecord(circuit))).toEqual({ ...circuit, state: { _tag: "Closed", since: 0, ramp: undefined } })
  })
})

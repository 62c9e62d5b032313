/** What may happen to a fleet of three processes on one store, as plain data. */
import fc from "fast-check"

/** All that takes time takes a multiple of this, in ms, so that no test must let less pass at once. */
export const tick = 25

export type Process = 0 | 1 | 2

export const processes: readonly [Process, Process, Process] = [0, 1, 2]

/**
 * What becomes of a question to the store. `lost`: done, and said to have failed; `refused`: not done, and said to be in doubt; `read-only`: no writes are; `silent`:
 * never answered, and done or not; `slow`: done at once and answered late, or done late.
 */
export type Fault =
  | { readonly is: "down" | "lost" | "refused" | "read-only" | "defect" }
  | { readonly is: "silent"; readonly isDone: boolean }
  | { readonly is: "slow"; readonly millis: number; readonly isDoneFirst: boolean }

export type Action =
  | {
      readonly do: "attempt"
      readonly process: Process
      readonly fails: boolean
      readonly times: number
      /** How long it takes; `undefined` until it is interrupted. */
      readonly millis: number | undefined
      /** When its caller gives up. */
      readonly interruptedAfter: number | undefined
    }
  /** The next `questions` of some processes, or all until they are told otherwise, meet the fault. */
  | {
      readonly do: "fault"
      readonly processes: ReadonlyArray<Process>
      readonly fault: Fault
      readonly questions: number | undefined
    }
  | { readonly do: "recover"; readonly processes: ReadonlyArray<Process> }
  /** The record is deleted, or replaced by something else. */
  | { readonly do: "lose"; readonly text: string | undefined }
  | { readonly do: "reset"; readonly process: Process }
  /** News of long ago, come again. */
  | { readonly do: "old news"; readonly pick: number }
  | { readonly do: "pass"; readonly millis: number }

/** Opens the circuit for all: what is most at risk comes after that. */
export const opening: ReadonlyArray<Action> = [
  ...processes.map((process): Action => ({
    do: "attempt",
    process,
    fails: true,
    times: 8,
    millis: 0,
    interruptedAfter: undefined
  })),
  { do: "pass", millis: 500 }
]

export interface Plan {
  readonly witnesses: number
  readonly permits: number
  readonly onStoreDown: "local" | "open"
  readonly hasNews: boolean
  readonly actions: ReadonlyArray<Action>
}

const ticks = (min: number, max: number) => fc.integer({ min, max }).map((n) => n * tick)

const process = fc.constantFrom(...processes)
const some = fc.oneof(
  process.map((one) => [one]),
  fc.constant(processes)
)

/** Done late is done within the time of a question: what comes later cannot be known, as the document of the fleet says. */
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Fault>({ is: "down" }) },
  { weight: 4, arbitrary: fc.constant<Fault>({ is: "lost" }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ is: "refused" }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ is: "defect" }) },
  { weight: 1, arbitrary: fc.constant<Fault>({ is: "read-only" }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant("silent" as const), isDone: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant("slow" as const),
      millis: ticks(1, 60).filter((millis) => millis !== 1_000),
      isDoneFirst: fc.constant(true)
    })
  },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant("slow" as const), millis: ticks(1, 39), isDoneFirst: fc.constant(false) })
  }
)

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant("attempt" as const),
      process,
      fails: fc.integer({ min: 0, max: 9 }).map((n) => n < 5),
      times: fc.constantFrom(1, 1, 1, 3, 8),
      millis: fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        { weight: 3, arbitrary: ticks(1, 40) },
        { weight: 1, arbitrary: fc.constant(undefined) }
      ),
      interruptedAfter: fc.option(ticks(0, 20), { nil: undefined, freq: 4 })
    })
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      processes: some,
      fault,
      questions: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined, freq: 3 })
    })
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("recover" as const), processes: some }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("lose" as const),
      text: fc.constantFrom(undefined, undefined, "garbage", `{"v":1}`, `{"v":2}`)
    })
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("reset" as const), process }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("old news" as const), pick: fc.nat(1_000) }) },
  {
    weight: 14,
    arbitrary: fc.record({ do: fc.constant("pass" as const), millis: fc.oneof(ticks(1, 12), ticks(1, 60)) })
  }
)

export const arbitrary: fc.Arbitrary<Plan> = fc.record({
  witnesses: fc.constantFrom(1, 1, 2),
  permits: fc.constantFrom(1, 1, 2),
  onStoreDown: fc.constantFrom("local", "local", "open"),
  hasNews: fc.boolean(),
  actions: fc.array(action, { minLength: 5, maxLength: 60, size: "max" })
})

/** Fills one library with keys and prints, for each number of keys, the bytes of heap they take. */
import { ConsecutiveBreaker } from "cockatiel"
import { CircuitBreaker, Classifier, HealthModel, Truce } from "@truce/effect3"
import { Data, Effect } from "effect"
import * as Truce4 from "@truce/effect4"
import * as Data4 from "effect4/Data"
import * as Effect4 from "effect4/Effect"
import { consecutive } from "effect4/persistence/CircuitBreaker"
import type { Run } from "./Case.ts"
import { type State, isState } from "./Memory.ts"
import * as Cockatiel from "./Peers/Cockatiel.ts"
import { breaker } from "./Peers/Effect4.ts"
import { loop as loop4, sequence as sequence4 } from "./Peers/Loop4.ts"
import { loop } from "./Peers/Loop3.ts"
import { ok, refused, sequence, settled } from "./Peers/LoopAsync.ts"

class Refused extends Data.TaggedError("Refused") {}

class Refused4 extends Data4.TaggedError("Refused") {}

/** Keys that were not given before, for each further call. */
type Fill = (state: State) => Run | Promise<Run>

const unseen = (): (() => string) => {
  let index = 0
  return () => `key-${index++}`
}

const truce: Fill = (state) => {
  const classify = Classifier.tags<Refused>()({ Refused: "retriable" })
  const model = state === "open" ? HealthModel.ledger({ minFailures: 1, allowSelfTrip: true }) : HealthModel.ledger()
  const layer = Truce.layer({ model, circuit: { openFor: "1 hour" }, maxKeys: 10_000_000 })
  const attempt = state === "idle" ? Effect.succeed(1) : Effect.fail(new Refused())
  const next = unseen()
  return loop(layer).sequence(() =>
    state === "pristine"
      ? CircuitBreaker.state(next())
      : Effect.exit(CircuitBreaker.execute(attempt, { key: next(), classify }))
  )
}

const truce4: Fill = (state) => {
  const classify = Truce4.Classifier.tags<Refused4>()({ Refused: "retriable" })
  const { HealthModel } = Truce4
  const model = state === "open" ? HealthModel.ledger({ minFailures: 1, allowSelfTrip: true }) : HealthModel.ledger()
  const layer = Truce4.Truce.layer({ model, circuit: { openFor: "1 hour" }, maxKeys: 10_000_000 })
  const attempt = state === "idle" ? Effect4.succeed(1) : Effect4.fail(new Refused4())
  const next = unseen()
  return loop4(layer).sequence(() =>
    state === "pristine"
      ? Truce4.CircuitBreaker.state(next())
      : Effect4.exit(Truce4.CircuitBreaker.execute(attempt, { key: next(), classify }))
  )
}

const effect4: Fill = async (state) => {
  const self = await breaker(consecutive(state === "open" ? 1 : 5))
  const attempt = state === "idle" ? Effect4.succeed(1) : Effect4.fail("refused")
  const next = unseen()
  return sequence4(() =>
    state === "pristine" ? self.state(next()) : Effect4.exit(self.execute(attempt, { key: next() }))
  )
}

const cockatiel: Fill = (state) => {
  const policies = new Map<string, ReturnType<typeof Cockatiel.breaker>>()
  const next = unseen()
  const attempt = state === "idle" ? ok : refused
  return sequence(() => {
    const self = Cockatiel.breaker(new ConsecutiveBreaker(state === "open" ? 1 : 5))
    policies.set(next(), self)
    return state === "pristine" ? ok : settled(() => self.execute(attempt))
  })
}

const fills = new Map<string, Fill>([
  ["truce", truce],
  ["truce4", truce4],
  ["effect4", effect4],
  ["cockatiel", cockatiel]
])

const heap = (): number => {
  for (let times = 0; times < 3; times++) globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const [, , peer = "", state = "", ...sizes] = process.argv
const fill = fills.get(peer)
if (fill === undefined || !isState(state)) throw new Error(`no such memory case: ${peer} ${state}`)
const run = await fill(state)
// What is there whatever the number of keys is no key's.
await run(1)
const before = heap()
let held = 0
for (const size of sizes.map(Number)) {
  await run(size - held)
  held = size
  process.stdout.write(`${size} ${heap() - before}\n`)
}
// The keys are held until all is printed.
await run(0)
process.exit()

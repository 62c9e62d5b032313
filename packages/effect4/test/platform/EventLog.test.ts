// What only Effect 4 can do: an effect like any other in a transaction.
import { CircuitBreaker, EventLog, HealthModel, Transaction, type Truce } from "@truce/effect4"
import { Effect } from "effect"
import { describe, expect } from "vitest"
import { classify, failing, key, on, steady } from "../support.ts"

describe("EventLog", () => {
  const fragile = on(() => steady({ model: HealthModel.consecutive({ failures: 2 }), retry: { base: "10 millis" } }))

  fragile("an observer may commit a transaction of its own on the key it was told of", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<Truce.Services>()
      yield* EventLog.subscribe((event) => {
        if (event._tag !== "Transitioned" || event.to !== "Open") return
        const admitted = Transaction.admit([event.key], event.at)
        const admission = Effect.runSyncWith(context)(
          Transaction.commit(Effect.andThen(CircuitBreaker.isolate(event.key, "down for good"), admitted))
        )
        expect(admission).toMatchObject({ _tag: "Rejected", error: { state: "Isolated" } })
      })
      const events: Array<EventLog.Event> = []
      yield* EventLog.subscribe((event) => events.push(event))
      yield* Effect.exit(CircuitBreaker.execute(failing, { key, classify }))
      yield* Effect.exit(CircuitBreaker.execute(failing, { key, classify }))
      expect(events.filter((event) => event._tag === "Transitioned")).toMatchObject([
        { from: "Closed", to: "Open", generation: 1 },
        { from: "Open", to: "Isolated", generation: 2 }
      ])
      expect((yield* CircuitBreaker.state(key)).status).toBe("Isolated")
    })
  )
})

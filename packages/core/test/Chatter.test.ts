import { strict as assert } from "node:assert"
import { Circuit, CircuitPolicy, HealthModel, Outcome } from "@truce/core"
import fc from "fast-check"
import { describe, it } from "vitest"
import { circuitOptions, histories, run } from "./histories.ts"
import { modelNames, withModel } from "./support.ts"

describe.each(modelNames)("%s", (name) => {
  it("opens at most once in each shortest open time", () => {
    withModel(name, (model) =>
      fc.assert(
        fc.property(histories("calm"), circuitOptions, (history, options) => {
          const policy = CircuitPolicy.make(model, options)
          const { end, steps } = run(policy, history)
          const opens = steps.filter(
            ({ after, before }) => after.state._tag === "Open" && before.generation !== after.generation
          )
          const shortest = policy.openMillis * (1 - policy.openJitter)
          assert.ok(opens.length <= 1 + (end.now - 1_000) / shortest)
        }),
        { numRuns: 200 }
      )
    )
  })

  it("opens for the time its rules say, every time", () => {
    withModel(name, (model) =>
      fc.assert(
        fc.property(histories(), circuitOptions, (history, options) => {
          const policy = CircuitPolicy.make(model, options)
          for (const { after, before, command, now } of run(policy, history).steps) {
            if (after.state._tag !== "Open" || before.state === after.state) continue
            const { inARow, lastMillis } = after.openings
            const closedFor = before.state._tag === "Closed" ? now - before.state.since : -Infinity
            assert.equal(inARow, closedFor >= before.openings.lastMillis ? 1 : before.openings.inARow + 1)
            const outcome = "outcome" in command ? command.outcome : Outcome.ignored
            const wish = outcome._tag === "Failure" ? Math.min(outcome.retryAfterMillis ?? 0, 60_000) : 0
            const plain = Math.min(5_000, policy.openMillis * 2 ** (inARow - 1))
            assert.ok(lastMillis >= Math.max(wish, plain * (1 - policy.openJitter)) - 1e-9)
            assert.ok(lastMillis <= Math.max(wish, plain * (1 + policy.openJitter)) + 1e-9)
            assert.equal(after.state.until, now + lastMillis)
          }
        }),
        { numRuns: 200 }
      )
    )
  })
})

describe("the ledger", () => {
  it("needs more than (h - openBelow) * n failure mass from a close at h to the next opening", () => {
    const policy = (options: CircuitPolicy.Options) => CircuitPolicy.make(HealthModel.ledger(), options)
    let checked = 0
    fc.assert(
      fc.property(histories("calm"), circuitOptions, (history, options) => {
        const rules = policy(options)
        let closedAt: number | undefined
        let mass = 0
        for (const { after, before, command, now, permit } of run(rules, history).steps) {
          const heard = command.do === "record" || (permit?.generation === before.generation && permit.judged)
          if ("outcome" in command && before.state._tag === "Closed" && heard) {
            const failedBefore = command.do === "settle" ? command.failedBefore : 0
            mass += Outcome.mass(command.outcome, failedBefore, rules.model.discount, rules.slowWeight).failure
          }
          if (before.state._tag === "HalfOpen" && after.state._tag === "Closed") {
            closedAt = Circuit.score(rules, after, now)
            mass = 0
          }
          const opens = "outcome" in command && command.outcome._tag === "Failure" && command.outcome.opens
          if (before.state._tag === "Closed" && after.state._tag === "Open" && closedAt !== undefined && !opens) {
            assert.ok(mass > (closedAt - 0.1) * 5 - 1e-6)
            checked++
          }
        }
      }),
      { numRuns: 2_000 }
    )
    assert.ok(checked > 20)
  })
})

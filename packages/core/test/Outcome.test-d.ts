import { type Call, type Caller, Circuit, Outcome } from "@truce/core"
import { describe, expectTypeOf, it } from "vitest"

describe("tagged unions", () => {
  it("let an outcome be switched over exhaustively", () => {
    const name = (outcome: Outcome.Outcome): string => {
      switch (outcome._tag) {
        case "Success":
          expectTypeOf(outcome).toEqualTypeOf<Outcome.Success>()
          return "success"
        case "Failure":
          expectTypeOf(outcome.retryAfterMillis).toEqualTypeOf<number | undefined>()
          expectTypeOf(outcome.opens).toEqualTypeOf<boolean>()
          return "failure"
        case "Answered":
          expectTypeOf(outcome).toEqualTypeOf<Outcome.Answered>()
          return "answered"
        case "Ignored":
          expectTypeOf(outcome).toEqualTypeOf<Outcome.Ignored>()
          return "ignored"
      }
    }
    expectTypeOf(name).returns.toEqualTypeOf<string>()
    expectTypeOf<
      Exclude<Outcome.Outcome["_tag"], "Success" | "Answered" | "Failure" | "Ignored">
    >().toEqualTypeOf<never>()
  })

  it("do not compile when a case is missing", () => {
    // @ts-expect-error Ignored gives no string
    const name = (outcome: Outcome.Outcome): string => {
      switch (outcome._tag) {
        case "Success":
          return "success"
        case "Failure":
          return "failure"
      }
    }
    expectTypeOf(name).toBeFunction()
  })

  it("let a decision, a state, a mode and a retry's decision be switched over", () => {
    expectTypeOf<Circuit.Decision["_tag"]>().toEqualTypeOf<"Admitted" | "Rejected">()
    expectTypeOf<Circuit.State["_tag"]>().toEqualTypeOf<"Closed" | "Open" | "HalfOpen">()
    expectTypeOf<Circuit.Mode["_tag"]>().toEqualTypeOf<"Automatic" | "Isolated" | "Disabled" | "Observing">()
    expectTypeOf<Circuit.Status>().toEqualTypeOf<"Closed" | "Open" | "HalfOpen" | "Isolated" | "Disabled">()
    expectTypeOf<Call.Reason>().toEqualTypeOf<"attempts" | "deadline" | "budget" | "circuit-open" | "not-repeatable">()
    expectTypeOf<Caller.Next<string, number, Error>["_tag"]>().toEqualTypeOf<
      "Ask" | "Sleep" | "AwaitAdmission" | "Return" | "Refuse" | "Stop"
    >()
  })

  it("make the constructors' results as narrow as they are", () => {
    expectTypeOf(Outcome.success).toEqualTypeOf<Outcome.Success>()
    expectTypeOf(Outcome.failure).returns.toEqualTypeOf<Outcome.Failure>()
    expectTypeOf(Outcome.ignored).toEqualTypeOf<Outcome.Ignored>()
  })
})

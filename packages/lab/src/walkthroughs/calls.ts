/** Flaws of the seed's call: whose arguments it takes, which errors it retries, and which it forgets. */
import * as Classifier from "@truce/effect3/Classifier"
import * as CircuitBreaker from "@truce/effect3/CircuitBreaker"
import * as Truce from "@truce/effect3/Truce"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as TestContext from "effect/TestContext"
import * as SeedBreaker from "../designs/SeedBreaker.ts"
import type { Walkthrough } from "../Walkthrough.ts"

type Keywords = { readonly [name: string]: unknown }

/** The retry of the seed's class: its keywords have the same namespace as those of the function. */
const retryWithBackoff = <A>(fn: (keywords: Keywords) => A, given: Keywords): A => {
  const { base_delay: _, max_retries = 3, ...keywords } = given
  for (let attempt = 0; ; attempt++) {
    try {
      return fn(keywords)
    } catch (error) {
      if (attempt >= Number(max_retries) - 1) throw error
    }
  }
}

class Refused extends Data.TaggedError("Refused")<{}> {}
class Reset extends Data.TaggedError("Reset")<{}> {}
class Timeout extends Data.TaggedError("Timeout")<{}> {}
class BadRequest extends Data.TaggedError("BadRequest")<{}> {}

const transient = Classifier.tags<Refused | Reset | Timeout>()({
  Refused: "retriable",
  Reset: "retriable",
  Timeout: "retriable"
})

const served = <A, E>(program: Effect.Effect<A, E, Truce.Services>): Effect.Effect<A, E> =>
  program.pipe(Effect.provide(Truce.layer({ retry: { base: 0, cap: 0 } })), Effect.provide(TestContext.TestContext))

const asked = { page: 2, max_retries: 10 }
const written = (keywords: Keywords): string => JSON.stringify(keywords)

export const shadowedArguments: Walkthrough = {
  name: "shadowed-arguments",
  title: "An argument of the caller's never reaches the function",
  claim: "The retry's own keywords are taken out of those meant for the function, without a word.",
  truce: "What is protected is a value, an effect that has its arguments already: there is no namespace to share.",
  seed: Effect.sync(() => {
    const reached = retryWithBackoff(written, asked)
    return {
      happens: reached !== written(asked),
      text: `the caller gave ${written(asked)}, the function got ${reached}`,
      steps: [`execute(search, ${written(asked)})`, `search got ${reached}; max_retries is the retry's now`]
    }
  }),
  sound: served(
    Effect.map(
      Effect.sync(() => written(asked)).pipe(Truce.protect({ key: "search", classify: transient }), Effect.orDie),
      (reached) => ({
        happens: reached !== written(asked),
        text: `the caller gave ${written(asked)}, the function got ${reached}`,
        steps: [`search(${written(asked)}).pipe(protect({ key, classify }))`, `search got ${reached}`]
      })
    )
  )
}

const requests = 5

export const unclassifiedErrors: Walkthrough = {
  name: "unclassified-errors",
  title: "A caller's mistakes open the circuit for everybody",
  claim: "A 400, which no attempt can change, is retried as a 503 is, and counts against the dependency.",
  truce: "A classifier names the permanent errors: they are not retried, and say nothing of the dependency's health.",
  seed: Effect.sync(() => {
    const breaker = SeedBreaker.make(false)
    let attempts = 0
    const steps: Array<string> = []
    for (let request = 1; request <= requests; request++) {
      try {
        retryWithBackoff(() => {
          attempts++
          throw new BadRequest()
        }, {})
      } catch {
        SeedBreaker.onFailure(breaker, 0)
      }
      steps.push(`bad request ${request}: ${attempts} attempts so far, ${breaker.state}`)
    }
    const passes = SeedBreaker.passes(breaker, 1)
    steps.push(`a good request: ${passes ? "admitted" : "refused"}`)
    return {
      happens: !passes,
      text: `${attempts} attempts for ${requests} bad requests, and then a good one is ${passes ? "admitted" : "refused"}`,
      steps
    }
  }),
  sound: served(
    Effect.gen(function* () {
      const classify = Classifier.tags<BadRequest>()({ BadRequest: "permanent" })
      let attempts = 0
      const bad = Effect.suspend(() => {
        attempts++
        return Effect.fail(new BadRequest())
      })
      const steps: Array<string> = []
      for (let request = 1; request <= requests; request++) {
        yield* Effect.ignore(bad.pipe(Truce.protect({ key: "api", classify })))
        const { status } = yield* CircuitBreaker.state("api")
        steps.push(`bad request ${request}: ${attempts} attempts so far, ${status}`)
      }
      const good = yield* Effect.either(Effect.void.pipe(Truce.protect({ key: "api", classify })))
      steps.push(`a good request: ${good._tag === "Right" ? "admitted" : "refused"}`)
      return {
        happens: good._tag === "Left",
        text: `${attempts} attempts for ${requests} bad requests, and then a good one is ${good._tag === "Right" ? "admitted" : "refused"}`,
        steps
      }
    })
  )
}

const errors = [new Refused(), new Reset(), new Timeout()] as const
const tags = errors.map(({ _tag }) => _tag).join(", ")

export const swallowedErrors: Walkthrough = {
  name: "swallowed-errors",
  title: "Of three errors two are gone",
  claim: "Only the error of the last attempt is raised: what the others found is not told anywhere.",
  truce: "RetryExhausted carries every attempt with its error, first to last.",
  seed: Effect.sync(() => {
    let attempt = 0
    let raised = "nothing"
    try {
      retryWithBackoff(() => {
        throw errors[attempt++ % errors.length] ?? new Timeout()
      }, {})
    } catch (error) {
      raised = error instanceof Timeout ? error._tag : String(error)
    }
    return {
      happens: raised !== tags,
      text: `the attempts failed with ${tags}; the caller sees ${raised}`,
      steps: [...errors.map(({ _tag }, index) => `attempt ${index + 1} fails with ${_tag}`), `raised: ${raised}`]
    }
  }),
  sound: served(
    Effect.gen(function* () {
      let attempt = 0
      const failing = Effect.suspend(() => Effect.fail(errors[attempt++ % errors.length] ?? new Timeout()))
      const error = yield* Effect.flip(failing.pipe(Truce.protect({ key: "api", classify: transient })))
      const seen = error._tag === "RetryExhausted" ? error.attempts.map((one) => one.error._tag).join(", ") : error._tag
      return {
        happens: seen !== tags,
        text: `the attempts failed with ${tags}; the caller sees ${seen}`,
        steps: [
          ...errors.map(({ _tag }, index) => `attempt ${index + 1} fails with ${_tag}`),
          `RetryExhausted: ${seen}`
        ]
      }
    }).pipe(Effect.orDie)
  )
}

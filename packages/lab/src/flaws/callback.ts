/** The four failure modes of the callback protocol. */
import * as Seed from "../designs/Seed.ts"
import { type Flaw, events } from "../Flaw.ts"
import type { Event } from "../RunResult.ts"
import * as World from "../World.ts"
import { sequential, small } from "./small.ts"

export const erasedFailures: Flaw = {
  name: "erased-failures",
  title: "One success erases every failure before it",
  claim: "A call that fails and then succeeds sets the count to 0, with all that other calls had told.",
  truce:
    "A success gives back at most the mass of two failures. With four failures for each success the rest adds up and opens it.",
  design: Seed.callback,
  scenario: small({
    name: "three-failures-and-a-rescue",
    title: "F F F, then F S, again and again",
    description:
      "Of two calls one fails three times and the next once before it succeeds: four of five attempts fail for two minutes.",
    arrivals: { _tag: "Constant", perSecond: 1 },
    faults: World.flapping(1_150, 850, 400, 120_000),
    durationMillis: 120_000,
    backoffMillis: 100
  }),
  seed: 1,
  find: (result) => ({
    happens: result.opens === 0 && result.total.attemptsFailed >= 4 * result.total.attemptsOk - 4,
    text: `${result.total.attemptsFailed} of ${result.total.attempts} attempts failed, ${result.opens} openings`
  })
}

export const selfTrip: Flaw = {
  name: "self-trip",
  title: "A call opens the circuit on itself and aborts itself",
  claim:
    "With 3 failures counted, the next failing call reaches the threshold with its second attempt and gives up by its own doing.",
  truce:
    "The failed attempts of one call weigh 1, 1/2, 1/4: two failing calls in a row take their three attempts each.",
  design: Seed.callback,
  scenario: small({
    name: "two-failing-calls",
    title: "Two failing calls, one after the other",
    description: "A sequential caller whose first two calls fail.",
    arrivals: sequential,
    faults: World.outage(0, 6_500),
    durationMillis: 6_000
  }),
  seed: 1,
  find: (result) => {
    const ended = events(result, "Ended")
    const cut = ended.find((end) => end.result !== "attempts" && end.attempts < 3 && end.attempts > 0)
    return {
      happens: cut !== undefined,
      text:
        cut === undefined
          ? `each of ${ended.length} calls made its 3 attempts`
          : `call ${cut.call + 1} ended after ${cut.attempts} of 3 attempts: ${cut.result}`
    }
  }
}

const shaky = small({
  name: "shaky-recovery",
  title: "A recovery in which half of the attempts fail",
  description: "An outage of 5 s, then three minutes in which each attempt fails with probability 1/2.",
  arrivals: { _tag: "ClosedLoop", callers: 1, thinkMillis: 200 },
  faults: [...World.outage(0, 5_000), ...World.brownout(0.5, 5_000, 180_000)],
  durationMillis: 180_000,
  backoffMillis: 100
})

/** A call whose failed and whose good attempt were both counted in one HALF_OPEN. */
const countedTwice = (trace: ReadonlyArray<Event>): { at: number; call: number } | undefined => {
  let isHalfOpen = false
  const failed = new Set<number>()
  for (const event of trace) {
    if (event._tag === "Transitioned") {
      isHalfOpen = event.to === "HalfOpen"
      failed.clear()
    } else if (event._tag === "Settled" && isHalfOpen) {
      if (event.outcome === "Failure") failed.add(event.call)
      else if (failed.has(event.call)) return event
    }
  }
  return undefined
}

export const bothWays: Flaw = {
  name: "both-ways",
  title: "One call pushes towards OPEN and CLOSED at once",
  claim: "In HALF_OPEN the failed attempt of a call raises the failure count and its good one the success count.",
  truce:
    "One signed number and one permit for each attempt: a failed probe reopens, and the rest of its call is rejected.",
  design: Seed.callbackReset,
  scenario: shaky,
  seed: 3,
  find: (result) => {
    const found = countedTwice(result.trace ?? [])
    return {
      happens: found !== undefined,
      text:
        found === undefined
          ? "no call was counted both ways in one HALF_OPEN"
          : `call ${found.call + 1} failed and succeeded in the same HALF_OPEN, at ${Math.round(found.at)} ms`
    }
  }
}

export const lateWitness: Flaw = {
  name: "late-witness",
  title: "A failing call is admitted once and tells nobody in time",
  claim: "Only the call asks, so an attempt goes out although another call has opened the circuit meanwhile.",
  truce: "Each attempt asks, and a call that waits ends when the circuit opens: nothing is sent while it is open.",
  design: Seed.optionC,
  scenario: small({
    name: "ten-callers-outage",
    title: "Ten callers in an outage",
    description: "Ten callers in a loop, 50 ms between a caller's calls, for 10 s of outage.",
    arrivals: { _tag: "ClosedLoop", callers: 10, thinkMillis: 50 },
    faults: World.outage(1_000, 11_000),
    durationMillis: 11_000,
    backoffMillis: 100
  }),
  seed: 1,
  find: (result) => {
    const sent = events(result, "Admitted").filter(({ status }) => status === "Open").length
    return { happens: sent > 0, text: `${sent} attempts were sent while the circuit was open` }
  }
}

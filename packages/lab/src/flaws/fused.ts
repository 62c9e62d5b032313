/** Flaws of the original class and of its first two improvements: the retry inside the breaker. */
import * as Seed from "../designs/Seed.ts"
import { type Flaw, events, openedAt } from "../Flaw.ts"
import * as World from "../World.ts"
import { sequential, small } from "./small.ts"

const sequentialOutage = small({
  name: "sequential-outage",
  title: "A sequential caller in an outage",
  description: "Every attempt fails at once; the next call begins when one has ended.",
  arrivals: sequential,
  faults: World.outage(0, 60_000),
  durationMillis: 60_000
})

export const fifteenForFive: Flaw = {
  name: "fifteen-for-five",
  title: "15 failed attempts for a threshold of 5",
  claim: "Three failed attempts of one call count as one failure, so a threshold of 5 lets 15 through.",
  truce: "Every attempt is evidence at once: the tenth opens it, and calls at the same time would add up sooner.",
  design: Seed.original,
  scenario: sequentialOutage,
  seed: 1,
  find: (result) => ({
    happens: (result.absorbed ?? Infinity) >= 15,
    text: `${result.absorbed} attempts reached the service before the first opening at ${openedAt(result)} ms`
  })
}

export const vacuousAbort: Flaw = {
  name: "vacuous-abort",
  title: "should_abort never aborts",
  claim: "Nothing inside the retry loop can open the circuit, so asking there whether it is open changes nothing.",
  truce:
    "Each attempt asks the breaker that heard the one before: the answer can change between two attempts of one call.",
  design: Seed.shouldAbort,
  scenario: sequentialOutage,
  seed: 1,
  find: (result) => {
    const aborted = events(result, "Ended").filter((ended) => ended.result === "aborted").length
    return {
      happens: aborted === 0 && (result.absorbed ?? Infinity) >= 15,
      text: `${aborted} calls aborted, ${result.absorbed} attempts before the first opening`
    }
  }
}

const blackholeFor = (untilMillis: number) =>
  small({
    name: `twenty-callers-blackhole-${untilMillis / 1_000}s`,
    title: "Twenty callers before a blackhole",
    description:
      "Twenty callers in a loop, 2 s between a caller's calls; no attempt is answered and each costs its timeout.",
    arrivals: { _tag: "ClosedLoop", callers: 20, thinkMillis: 2_000 },
    faults: World.blackhole(1_000, untilMillis),
    durationMillis: untilMillis + 20_000,
    backoffMillis: 100
  })

export const unboundedProbes: Flaw = {
  name: "unbounded-probes",
  title: "All callers enter HALF_OPEN together",
  claim: "When the open time ends, whoever asks becomes a probe: nothing counts or limits them.",
  truce: "HalfOpen has one permit with a lease; who finds it taken is rejected.",
  design: Seed.original,
  scenario: blackholeFor(60_000),
  seed: 1,
  find: (result) => ({
    happens: result.peakProbes > 1,
    text: `at most ${result.peakProbes} attempts at once in HALF_OPEN`
  })
}

export const staleFailures: Flaw = {
  name: "stale-failures",
  title: "Calls from before keep the circuit open",
  claim: "A call that began before the opening fails after it, is counted again, and moves the end of the open time.",
  truce: "A permit is of one generation: what was admitted before the opening settles nothing after it.",
  design: Seed.original,
  scenario: blackholeFor(20_000),
  seed: 1,
  find: (result) => {
    const transitions = events(result, "Transitioned")
    const opened = transitions.find(({ to }) => to === "Open")
    const probed = transitions.find(({ to }) => to === "HalfOpen")
    const lasted = probed === undefined || opened === undefined ? 0 : probed.at - opened.at
    // The longest first open times are 30 s of the class and 0.6 s of Truce; a caller is back within its think time.
    const nominal = lasted > 10_000 ? 30_000 : 600
    return {
      happens: lasted > nominal + 500,
      text: `the first open time of at most ${nominal} ms lasted ${Math.round(lasted)} ms`
    }
  }
}

export const burntAttempts: Flaw = {
  name: "burnt-attempts",
  title: "A refusal is retried",
  claim:
    "With the retry around the breaker, a refusal looks like any failure: the call waits and burns its attempts on it.",
  truce:
    "A refusal ends the call at once with its last error; waiting for the circuit is a choice, and costs no attempt.",
  design: Seed.optionB,
  scenario: sequentialOutage,
  seed: 1,
  find: (result) => {
    const refusals = new Map<number, number>()
    for (const { call } of events(result, "Rejected")) refusals.set(call, (refusals.get(call) ?? 0) + 1)
    const most = Math.max(0, ...refusals.values())
    return { happens: most > 1, text: `at most ${most} refusals in one call` }
  }
}

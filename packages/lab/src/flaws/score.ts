/** Flaws of the additive score: the right form with the wrong constants. */
import * as Truce from "../designs/Truce.ts"
import { type Flaw, events } from "../Flaw.ts"
import * as World from "../World.ts"
import { small } from "./small.ts"

export const loneCallOpens: Flaw = {
  name: "lone-call-opens",
  title: "One call opens a healthy circuit",
  claim: "At -0.3 for each failure, four failed attempts of one call take the score to 0.",
  truce: "The attempts of one call sum to less than 2 of the 4.5 it takes: 30 of them leave the circuit closed.",
  design: Truce.additive,
  scenario: small({
    name: "lone-call",
    title: "One call of 30 failing attempts",
    description: "One call, which nobody else joins, fails 30 times.",
    arrivals: { _tag: "Constant", perSecond: 1 },
    faults: World.outage(0, 1_000_000),
    durationMillis: 1_000,
    attempts: 30,
    backoffMillis: 1_000
  }),
  seed: 1,
  find: (result) => ({
    happens: result.opens > 0,
    text: `${result.total.attempts} attempts of the one call were sent, ${result.opens} openings`
  })
}

export const rescuedCallsOpen: Flaw = {
  name: "rescued-calls-open",
  title: "Calls that all succeed open the circuit",
  claim: "F F S takes 0.1 from the score each time: after four rescued calls the fifth opens it.",
  truce: "The second failure of a call weighs half: 1 + 1/2 is less than the 2 a success gives back.",
  design: Truce.additive,
  scenario: small({
    name: "rescued-calls",
    title: "F F S, again and again",
    description: "Each call fails twice and succeeds with its third attempt, for a minute.",
    arrivals: { _tag: "Constant", perSecond: 1 },
    // Calls begin at half a second; their attempts are 100 and 200 ms apart.
    faults: World.flapping(300, 700, 400, 60_000),
    durationMillis: 60_000,
    backoffMillis: 100
  }),
  seed: 1,
  find: (result) => {
    const opened = events(result, "Transitioned").find(({ to }) => to === "Open")
    const before = events(result, "Admitted").filter(({ at }) => at <= (opened?.at ?? Infinity)).length
    return {
      happens: opened !== undefined,
      text: opened === undefined ? `${before} attempts, no opening` : `opened with attempt ${before}`
    }
  }
}

export const falseTrips: Flaw = {
  name: "false-trips",
  title: "A threshold that ignores the traffic",
  claim: "A fixed count of failures is reached by chance, and the sooner the more calls there are.",
  truce: "The failures it takes grow with the logarithm of the traffic.",
  design: Truce.additive,
  scenario: small({
    name: "busy-and-fine",
    title: "1 000 calls a second, 15 % errors",
    description: "A minute in which retries save nearly every call.",
    arrivals: { _tag: "Poisson", perSecond: 1_000 },
    faults: World.brownout(0.15, 0, 60_000),
    durationMillis: 60_000,
    backoffMillis: 100
  }),
  seed: 1,
  find: (result) => ({
    happens: result.opens > 0,
    text: `${result.opens} openings; ${((100 * result.total.ok) / result.total.calls).toFixed(2)} % of the calls ended well`
  })
}

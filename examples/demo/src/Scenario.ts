/** What is wrong with the dependency, and when: data that the server obeys and the screen and the report explain. */
import { Array, Match, Schema } from "effect"
import { attempts } from "./Settings.ts"

export const Fault = Schema.Union(
  Schema.TaggedStruct("Healthy", {}),
  Schema.TaggedStruct("Brownout", { errorRate: Schema.Number }),
  Schema.TaggedStruct("Outage", {}),
  Schema.TaggedStruct("Slow", { from: Schema.Number, to: Schema.Number }),
  Schema.TaggedStruct("Hang", {})
)
export type Fault = typeof Fault.Type

/** Times are milliseconds since the run began. */
export const Phase = Schema.Struct({ fault: Fault, from: Schema.Number, to: Schema.Number })
export type Phase = typeof Phase.Type

export const Timeline = Schema.NonEmptyArray(Phase)
export type Timeline = typeof Timeline.Type

export interface Scenario {
  readonly summary: string
  readonly phases: Array.NonEmptyReadonlyArray<readonly [fault: Fault, seconds: number]>
}

const healthy: Fault = { _tag: "Healthy" }
const outage: Fault = { _tag: "Outage" }
const hang: Fault = { _tag: "Hang" }
const half: Fault = { _tag: "Brownout", errorRate: 0.5 }
const slow: Fault = { _tag: "Slow", from: 160, to: 280 }

/**
 * An outage of 3 s ends while the third opening in a row runs, which takes 2 s, whatever its jitter. A little longer, and a fourth
 * one, of 4 s, would come or not by luck: the times to recover would compare that.
 */
export const scenarios = {
  storm: {
    summary: "an outage, a hang that thaws slowly, and a brownout, with a recovery after each",
    phases: [
      [healthy, 2.5],
      [outage, 3],
      [healthy, 4],
      [hang, 3],
      [slow, 1.5],
      [healthy, 4],
      [half, 5.5],
      [healthy, 3]
    ]
  },
  outage: {
    summary: "every request fails at once",
    phases: [
      [healthy, 3],
      [outage, 3],
      [healthy, 4]
    ]
  },
  brownout: {
    summary: "half of the requests fail",
    phases: [
      [healthy, 3],
      [half, 7],
      [healthy, 4]
    ]
  },
  hang: {
    summary: "no request is answered",
    phases: [
      [healthy, 3],
      [hang, 3],
      [healthy, 4]
    ]
  },
  blip: {
    summary: "two outages too short to matter",
    phases: [
      [healthy, 3],
      [outage, 0.15],
      [healthy, 3.85],
      [outage, 0.15],
      [healthy, 3.85]
    ]
  }
} as const satisfies Record<string, Scenario>

export type Name = keyof typeof scenarios

export const names = ["storm", "outage", "brownout", "hang", "blip"] as const satisfies ReadonlyArray<Name>

export const seconds = (scenario: Scenario): number => scenario.phases.reduce((sum, [, length]) => sum + length, 0)

/** The phases of `scenario`, stretched so that together they last `duration` milliseconds. */
export const timeline = (scenario: Scenario, duration: number): Timeline => {
  const stretch = duration / seconds(scenario)
  return Array.mapAccum(scenario.phases, 0, (from, [fault, length]) => {
    const to = from + length * stretch
    return [to, { fault, from, to }]
  })[1]
}

export const end = (timeline: Timeline): number => Array.lastNonEmpty(timeline).to

/** Before the first phase the first one holds, after the last one the last. */
export const phaseAt = (timeline: Timeline, at: number): Phase =>
  timeline.find((phase) => at < phase.to) ?? Array.lastNonEmpty(timeline)

export const isHealthy = (phase: Phase): boolean => phase.fault._tag === "Healthy"

export const isBrownout = (phase: Phase): boolean => phase.fault._tag === "Brownout"

/** No request sent during such a phase can succeed, so every one is wasted. */
export const isHopeless = (phase: Phase): boolean => phase.fault._tag === "Outage" || phase.fault._tag === "Hang"

/** Requests fail, so that a circuit may open. */
export const isBreaking = (phase: Phase): boolean => isHopeless(phase) || isBrownout(phase)

export const label = (fault: Fault): string => fault._tag.toLowerCase()

const percent = (share: number): string => `${Math.round(share * 100)} %`

export const explain: (fault: Fault) => string = Match.type<Fault>().pipe(
  Match.tagsExhaustive({
    Healthy: () => "every request is answered",
    Brownout: ({ errorRate }) =>
      `${percent(errorRate)} of requests fail; ${attempts} attempts can still serve ${percent(1 - errorRate ** attempts)} of calls`,
    Outage: () => "every request fails at once: who stops sending first?",
    Slow: ({ from, to }) => `answers take ${from} to ${to} ms`,
    Hang: () => "no request is answered: each one costs its caller the timeout"
  })
)

/** What an implementation of Truce looks like to the scenarios and laws: one small interface over data. */
import type { Circuit, CircuitSnapshot, Outcome, Traffic } from "@truce/core"
import type { CircuitOptions, Policy, RetryOptions } from "./Policy.ts"

/** How an attempt ends: with evidence, or in a way that an implementation has to judge. */
export type End = Outcome.Outcome | "permanent" | "local" | "defect" | "interrupt"

export interface Admitted {
  readonly _tag: "Admitted"
}

/** The fields of `CircuitOpen`. */
export interface Rejected {
  readonly _tag: "Rejected"
  readonly key: string
  readonly state: Circuit.Rejected["status"]
  readonly retryAfterMillis: number
  readonly health: number
  readonly generation: number
  /** Left out where an implementation has no words. */
  readonly message?: string
}

export type Told = Admitted | Rejected

/** An error that is not of a call, with its fields. */
export type Fault =
  | { readonly _tag: "InvalidSnapshot"; readonly key: string | undefined; readonly field: string }
  | {
      readonly _tag: "PolicyConflict"
      readonly key: string
      readonly field: string
      readonly existing: unknown
      readonly requested: unknown
    }
  | { readonly _tag: "InvalidPolicy"; readonly paths: ReadonlyArray<string> }

export interface Transition extends Circuit.Transition {
  readonly key: string
}

export type Snapshots = { readonly [key: string]: CircuitSnapshot.Snapshot }

/** The name of an attempt, the keys that must admit it, and the call it belongs to, if any: one that is asked for by hand is of none. */
export interface Begin {
  readonly attempt: string
  readonly keys: readonly [string, ...ReadonlyArray<string>]
  readonly call?: string | undefined
  /** Asked for as a transaction of its own and not by running an effect; only then can it be settled twice, or slow in no time. */
  readonly byHand?: boolean | undefined
  /** Whether its time is of interest, so that its interruption is noticed. */
  readonly timed?: boolean | undefined
  /** The attempt on its way that this one is made inside of. */
  readonly inside?: string | undefined
}

/** Circuits with a clock of their own that starts at 0 and stands still until it is moved. */
export interface Session {
  /** Moves the monotonic clock; a negative time moves it back. */
  readonly advance: (millis: number) => Promise<void>
  /** Steps the wall clock alone. */
  readonly stepWall: (millis: number) => Promise<void>
  readonly begin: (begin: Begin) => Promise<Told>
  readonly end: (attempt: string, end: End) => Promise<void>
  readonly record: (key: string, outcome: Outcome.Outcome) => Promise<void>
  readonly control: (key: string, to: Control, reason: string) => Promise<void>
  readonly view: (key: string) => Promise<Circuit.View>
  readonly snapshot: () => Promise<Snapshots>
  readonly transitions: () => Promise<ReadonlyArray<Transition>>
  readonly restore: (circuits: unknown, elapsedMillis: number) => Promise<Fault | undefined>
  readonly register: (key: string, options: CircuitOptions) => Promise<Fault | undefined>
  readonly reload: (policy: Policy) => Promise<Fault | undefined>
}

export type Control = "isolate" | "disable" | "observe" | "reset"

/** What an attempt of a scripted call comes to, and how long it takes. */
export interface Reply {
  readonly ends: End
  readonly millis?: number | undefined
}

/** One call; its last reply is repeated. */
export interface Script {
  /** When it begins; left out: when the call before it has ended. */
  readonly at?: number | undefined
  /** Default: "service". */
  readonly key?: string | undefined
  readonly attempts: readonly [Reply, ...ReadonlyArray<Reply>]
}

/** Calls with retries, from 0 on until all have ended. */
export interface Plan {
  readonly policy: Policy
  /** The breaker around each attempt, or, for comparison, around the whole call. Default: "protect". */
  readonly order?: "protect" | "fused" | undefined
  readonly slowAfterMillis?: number | undefined
  /** Options of the retry where the calls are protected: over those of the policy, and within its limits. */
  readonly retry?: RetryOptions | undefined
  /** The uniform draws of the backoff's jitter, in order, again from the start where there are too few. Without jitter none is needed. */
  readonly draws?: readonly [number, ...ReadonlyArray<number>] | undefined
  readonly calls: ReadonlyArray<Script>
}

/** One attempt in the trail of `RetryExhausted`; times in ms. */
export interface Trailed {
  readonly number: number
  readonly start: number
  readonly duration: number
  readonly delay: number
  readonly outcome: Outcome.Outcome["_tag"]
  readonly state: Circuit.Status
  readonly score: number
}

/** How a call ended: well, as its last attempt did, without an attempt, or by the reason its retries ended. */
export type Result =
  | "success"
  | "permanent"
  | "local"
  | "defect"
  | "interrupt"
  | "CircuitOpen"
  | "attempts"
  | "deadline"
  | "budget"
  | "circuit-open"
  | "not-repeatable"

export interface CallSeen {
  readonly result: Result
  readonly endedAt: number
  /** When each attempt was sent. */
  readonly sent: ReadonlyArray<number>
  /** Of a call whose retries ended. */
  readonly trail?: ReadonlyArray<Trailed> | undefined
  /** Of a call that made no attempt. */
  readonly rejected?: Rejected | undefined
  readonly message?: string | undefined
}

export interface Seen {
  readonly calls: ReadonlyArray<CallSeen>
  readonly transitions: ReadonlyArray<Pick<Transition, "key" | "at" | "from" | "to" | "score">>
  /** Left by each key. */
  readonly tokens: { readonly [key: string]: number }
  /** What each key has heard, as of its last attempt that was evidence. */
  readonly traffic: { readonly [key: string]: Traffic.Traffic }
}

/** What a plan asks for and an implementation may not have. */
export type Feature =
  | "keys"
  | "limits"
  | "overrides"
  | "draws"
  | "deadline"
  | "maxRetryAfter"
  | "whenOpen"
  | "judged ends"

export interface Subject {
  readonly name: string
  /** Runs on circuits of its own. */
  readonly session: <A>(policy: Policy, use: (session: Session) => Promise<A>) => Promise<A>
  readonly calls: (plan: Plan) => Promise<Seen>
  readonly lacks: ReadonlyArray<Feature>
}

const has = (part: Policy | undefined, test: (part: Policy) => boolean): boolean =>
  part !== undefined && (test(part) || Object.values(part.overrides ?? {}).some(test))

/** What a plan asks for. */
export const featuresOf = ({ calls, draws, policy, retry: own }: Plan): ReadonlyArray<Feature> => {
  const ends = calls.flatMap(({ attempts }) => attempts.map((reply) => reply.ends))
  const asks: { readonly [F in Feature]: boolean } = {
    keys: calls.some(({ key }) => key !== undefined),
    overrides: policy.overrides !== undefined,
    draws: draws !== undefined,
    deadline: has(policy, ({ retry }) => retry?.deadline !== undefined),
    maxRetryAfter: has(policy, ({ retry }) => retry?.maxRetryAfter !== undefined),
    limits: own !== undefined || has(policy, ({ limits }) => limits !== undefined),
    whenOpen: has(policy, ({ retry }) => retry?.whenOpen === "wait"),
    "judged ends": ends.some((end) => typeof end === "string" || end._tag === "Ignored" || end._tag === "Answered")
  }
  return features.filter((feature) => asks[feature])
}

const features: ReadonlyArray<Feature> = [
  "keys",
  "overrides",
  "draws",
  "deadline",
  "maxRetryAfter",
  "limits",
  "whenOpen",
  "judged ends"
]

import type { Circuit } from "@truce/core"
import * as Duration from "effect/Duration"
import * as CircuitOpen from "../../CircuitOpen.ts"

/** The last rejection of a key, as its callers see it. */
export interface Rejection {
  readonly at: number
  readonly until: number
  readonly error: CircuitOpen.CircuitOpen
}

/** An error costs more than all the rest of a rejection: those of one millisecond share it. */
export const refused = (
  key: string,
  rejected: Circuit.Rejected,
  now: number,
  last: Rejection | undefined,
  openedBy: string | undefined
): Rejection => {
  const { generation, score, status, until } = rejected
  if (last !== undefined && last.until === until && now >= last.at && now - last.at < 1) {
    const { error } = last
    if (error.generation === generation && error.state === status && error.health === score) return last
  }
  return { at: now, until, error: toError(key, rejected, now, openedBy) }
}

export const toError = (
  key: string,
  rejected: Circuit.Rejected,
  now: number,
  openedBy?: string
): CircuitOpen.CircuitOpen =>
  CircuitOpen.make({
    key,
    state: rejected.status,
    retryAfter: Duration.millis(Math.max(0, rejected.until - now)),
    health: rejected.score,
    generation: rejected.generation,
    ...(openedBy === undefined || openedBy === "" ? {} : { openedBy })
  })

// What the compiler writes for these, and an editor shows: read by Declared.test.ts.
import type { HttpClient } from "@effect/platform"
import { CircuitBreaker, Classifier, RetryPolicy, Truce } from "@truce/effect3"
import { withTruce } from "@truce/effect3/HttpClient"
import { Data, type Effect } from "effect"

export class Timeout extends Data.TaggedError("Timeout")<{}> {}
export class NotFound extends Data.TaggedError("NotFound")<{ readonly id: string }> {}

const key = "users-api"
const classify = Classifier.tags<Timeout | NotFound>()({ Timeout: "retriable", NotFound: "permanent" })

export const getUser = (fetched: Effect.Effect<string, Timeout | NotFound>) =>
  fetched.pipe(Truce.protect({ key, classify }))

export const byHand = (fetched: Effect.Effect<string, Timeout | NotFound>) =>
  fetched.pipe(CircuitBreaker.execute({ key, classify }), RetryPolicy.retry({ key, classify }))

export const get = (client: HttpClient.HttpClient) => client.pipe(withTruce()).get("/users/1")

/** The two forms of RFC 9110, and the fractions of a second that some servers send. */
const seconds = /^\d+(?:\.\d+)?$/
// Anything may pass for a date with `Date.parse`, "-5" included: only what begins with a weekday is asked.
const date = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /

/**
 * Milliseconds that a response asks to wait; `undefined` where it asks nothing, or nothing that can be read.
 *
 * A date counts from the `Date` of the same response, so that clocks which disagree do no harm; from `nowMillis` on the wall clock where
 * there is none.
 */
export const retryAfterMillis = (
  headers: { readonly [name: string]: string | undefined },
  nowMillis: number
): number | undefined => {
  const wish = headers["retry-after"]?.trim()
  if (wish === undefined) return undefined
  if (seconds.test(wish)) return Math.min(Number(wish) * 1_000, Number.MAX_VALUE)
  const until = parseDate(wish)
  if (until === undefined) return undefined
  return Math.max(0, until - (parseDate(headers["date"]) ?? nowMillis))
}

const parseDate = (text: string | undefined): number | undefined => {
  const trimmed = text?.trim()
  if (trimmed === undefined || !date.test(trimmed)) return undefined
  // The asctime form has no zone, and is in GMT all the same.
  const millis = Date.parse(trimmed.endsWith("GMT") ? trimmed : `${trimmed} GMT`)
  return Number.isNaN(millis) ? undefined : millis
}

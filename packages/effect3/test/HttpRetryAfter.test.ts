import { describe, expect, it } from "vitest"
import { retryAfterMillis } from "../src/run/http/retryAfter.ts"

const now = Date.UTC(2026, 0, 1, 12, 0, 0)
const read = (wish: string, date?: string) =>
  retryAfterMillis({ "retry-after": wish, ...(date === undefined ? {} : { date }) }, now)

describe("Retry-After", () => {
  it("is a number of seconds", () => {
    expect(read("0")).toBe(0)
    expect(read("120")).toBe(120_000)
    expect(read(" 7 ")).toBe(7_000)
    expect(read("1.5")).toBe(1_500)
  })

  it("is a date, counted from the response's own Date", () => {
    expect(read("Wed, 01 Jan 2020 00:00:10 GMT", "Wed, 01 Jan 2020 00:00:00 GMT")).toBe(10_000)
  })

  it("is counted from the clock where the response has no Date, or none that can be read", () => {
    expect(read("Thu, 01 Jan 2026 12:00:05 GMT")).toBe(5_000)
    expect(read("Thu, 01 Jan 2026 12:00:05 GMT", "yesterday")).toBe(5_000)
  })

  it("is read in the three forms of a date that HTTP has", () => {
    const date = "Sun, 06 Nov 1994 08:49:00 GMT"
    expect(read("Sun, 06 Nov 1994 08:49:37 GMT", date)).toBe(37_000)
    expect(read("Sunday, 06-Nov-94 08:49:37 GMT", date)).toBe(37_000)
    expect(read("Sun Nov  6 08:49:37 1994", date)).toBe(37_000)
  })

  it("asks nothing of the past", () => {
    expect(read("Wed, 31 Dec 2025 00:00:00 GMT")).toBe(0)
  })

  it("is not there where it is nothing of either", () => {
    for (const wish of [
      "",
      "-5",
      "+5",
      "1e3",
      "soon",
      "5, 10",
      "Infinity",
      "NaN",
      "2026-01-01",
      "Someday, maybe",
      "0x10"
    ]) {
      expect([wish, read(wish)]).toEqual([wish, undefined])
    }
    expect(retryAfterMillis({}, now)).toBe(undefined)
  })

  it("stays finite, however large", () => {
    expect(read("9".repeat(400))).toBe(Number.MAX_VALUE)
  })
})

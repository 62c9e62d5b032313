import { Story } from "@truce/core"
import { describe, expect, it } from "vitest"

describe("a length of time", () => {
  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [999.5, "1 s"],
    [1_250, "1.3 s"],
    [59_949, "59.9 s"],
    [59_950, "1m"],
    [61_000, "1m 1s"],
    [3_600_000, "1h"],
    [90_061_000, "1d 1h 1m 1s"],
    [Infinity, "for ever"]
  ])("of %d ms is %s", (millis, text) => {
    expect(Story.spoken(millis)).toBe(text)
  })
})

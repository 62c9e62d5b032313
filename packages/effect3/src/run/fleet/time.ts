/** Own clock minus the store's may drift by this share of the time since it was measured: quartz is better by a factor of ten. */
const drift = 1e-3

/**
 * The store's time on this process's clock. Whatever the two clocks say, the store read its own between the question and the answer: each
 * answer bounds their difference, and the bounds of all answers hold at once.
 */
export class StoreTime {
  private low = -Infinity
  private high = Infinity
  private measuredAt = 0

  heard(askedAt: number, answeredAt: number, storeNow: number): void {
    const widened = Math.max(0, answeredAt - this.measuredAt) * drift
    const low = Math.max(this.low - widened, askedAt - storeNow)
    const high = Math.min(this.high + widened, answeredAt - storeNow)
    this.measuredAt = answeredAt
    // Bounds that exclude each other: another store, or its clock was set.
    if (low > high) {
      this.low = askedAt - storeNow
      this.high = answeredAt - storeNow
    } else {
      this.low = low
      this.high = high
    }
  }

  /** Own clock minus the store's, rather too much than too little: no time that follows from it is too early. */
  get offset(): number {
    return this.high
  }

  at(now: number): number {
    return now - this.high
  }
}

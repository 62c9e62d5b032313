/** What every design is given alike; only the order and the health model differ. */
export const callsPerSecond = 50
export const attempts = 3
export const attemptTimeout = 300
export const slowAfter = 150
export const backoff = { base: 100, factor: 2, jitter: { min: 0.5, max: 1.5 } } as const
export const circuit = { openFor: 500, maxOpenFor: 5000 } as const
export const failuresInARow = 5

/** Milliseconds between two readings of the scores. */
export const samplePeriod = 100

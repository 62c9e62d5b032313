/** How a schema says what is wrong. */
export const wrong = (expected: string, got: string): string => `Expected ${expected}, got ${got}`

export const missing = "Missing key"

/** The beginning of it, for what must be an object of a snapshot. */
export const noRecord = (got: string): string => wrong("object", got)

/** How a schema says what is wrong. */
export const wrong = (expected: string, got: string): string => `Expected ${expected}, actual ${got}`

export const missing = "is missing"

/** The beginning of it, for what must be an object of a snapshot. */
export const noRecord = (_got: string): string => "Expected { readonly version: 1; "

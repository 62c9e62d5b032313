/** Gives an error a message of its own: a structured clone, as to another thread, leaves out what a class computes. */
export const ownMessage = (error: Error, text: string): string => {
  own(error, "message", text)
  return text
}

/** A property that neither JSON nor a comparison looks at, as those that errors are born with. */
export const own = (error: Error, name: "cause" | "message", value: unknown): void => {
  Object.defineProperty(error, name, { value, configurable: true, writable: true })
}

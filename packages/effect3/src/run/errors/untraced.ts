/** Builds an error without its stack trace, which costs more than all the rest of a rejection. */
export const untraced = <E extends Error>(build: () => E): E => {
  // Not part of the language: engines that do not know it are not asked to.
  const limit: unknown = Reflect.get(Error, "stackTraceLimit")
  Reflect.set(Error, "stackTraceLimit", 0)
  try {
    return build()
  } finally {
    Reflect.set(Error, "stackTraceLimit", limit)
  }
}

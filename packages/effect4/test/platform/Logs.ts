import { type Layer, Logger, References } from "effect"

export interface Line {
  /** `INFO`, `WARN` and so on. */
  readonly level: string
  readonly message: string
  readonly annotation: (name: string) => unknown
}

/** Tells each line to `tell` and nobody else. */
export const telling = (tell: (line: Line) => void): Layer.Layer<never> =>
  Logger.layer([
    Logger.make(({ fiber, logLevel, message }) =>
      tell({
        level: logLevel.toUpperCase(),
        message: Array.isArray(message) ? message.join(" ") : String(message),
        annotation: (name) => fiber.getRef(References.CurrentLogAnnotations)[name]
      })
    )
  ])

export const silent: Layer.Layer<never> = Logger.layer([])

import { HashMap, Layer, Logger, LogLevel, Option } from "effect"

export interface Line {
  /** `INFO`, `WARN` and so on. */
  readonly level: string
  readonly message: string
  readonly annotation: (name: string) => unknown
}

/** Tells each line to `tell` and nobody else. */
export const telling = (tell: (line: Line) => void): Layer.Layer<never> =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, logLevel, message }) =>
      tell({
        level: logLevel.label,
        message: Array.isArray(message) ? message.join(" ") : String(message),
        annotation: (name) => Option.getOrUndefined(HashMap.get(annotations, name))
      })
    )
  )

export const silent: Layer.Layer<never> = Layer.merge(
  Logger.remove(Logger.defaultLogger),
  Logger.minimumLogLevel(LogLevel.None)
)

import { HashMap, Layer, Logger, LogLevel } from "effect"

export interface Line {
  /** `INFO`, `WARN` and so on. */
  readonly level: string
  readonly message: string
  readonly annotations: { readonly [name: string]: unknown }
}

/** Tells each line to `tell` and nobody else. */
export const telling = (tell: (line: Line) => void): Layer.Layer<never> =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, logLevel, message }) =>
      tell({
        level: logLevel.label,
        message: Array.isArray(message) ? message.join(" ") : String(message),
        annotations: Object.fromEntries(HashMap.toEntries(annotations))
      })
    )
  )

export const silent: Layer.Layer<never> = Layer.merge(
  Logger.remove(Logger.defaultLogger),
  Logger.minimumLogLevel(LogLevel.None)
)

const levels = { DEBUG: LogLevel.Debug, INFO: LogLevel.Info }

/** Leaves out the lines below a level. */
export const minimum = (level: keyof typeof levels): Layer.Layer<never> => Logger.minimumLogLevel(levels[level])

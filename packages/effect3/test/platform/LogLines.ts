import { HashMap, type Layer, LogLevel, Logger } from "effect"

export interface Line {
  readonly level: string
  readonly message: unknown
  readonly annotations: { readonly [name: string]: unknown }
}

/** Tells of each line instead of printing it; levels in capitals. */
export const telling = (tell: (line: Line) => void): Layer.Layer<never> =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.make(({ annotations, logLevel, message }) =>
      tell({ level: logLevel.label, message, annotations: Object.fromEntries(HashMap.toEntries(annotations)) })
    )
  )

const levels = { DEBUG: LogLevel.Debug, INFO: LogLevel.Info }

/** Leaves out the lines below a level. */
export const minimum = (level: keyof typeof levels): Layer.Layer<never> => Logger.minimumLogLevel(levels[level])

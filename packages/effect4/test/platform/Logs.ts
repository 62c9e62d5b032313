import { Layer, Logger, References } from "effect"

export interface Line {
  /** `INFO`, `WARN` and so on. */
  readonly level: string
  readonly message: string
  readonly annotations: { readonly [name: string]: unknown }
}

/** Tells each line to `tell` and nobody else. */
export const telling = (tell: (line: Line) => void): Layer.Layer<never> =>
  Logger.layer([
    Logger.make(({ fiber, logLevel, message }) =>
      tell({
        level: logLevel.toUpperCase(),
        message: Array.isArray(message) ? message.join(" ") : String(message),
        annotations: fiber.getRef(References.CurrentLogAnnotations)
      })
    )
  ])

export const silent: Layer.Layer<never> = Logger.layer([])

const levels = { DEBUG: "Debug", INFO: "Info" } as const

/** Leaves out the lines below a level. */
export const minimum = (level: keyof typeof levels): Layer.Layer<never> =>
  Layer.succeed(References.MinimumLogLevel, levels[level])

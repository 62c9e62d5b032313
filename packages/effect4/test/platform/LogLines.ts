import { Layer, Logger, References } from "effect"

export interface Line {
  readonly level: string
  readonly message: unknown
  readonly annotations: { readonly [name: string]: unknown }
}

/** Tells of each line instead of printing it; levels in capitals. */
export const telling = (tell: (line: Line) => void): Layer.Layer<never> =>
  Logger.layer([
    Logger.make(({ fiber, logLevel, message }) =>
      tell({
        level: logLevel.toUpperCase(),
        message,
        annotations: fiber.getRef(References.CurrentLogAnnotations)
      })
    )
  ])

const levels = { DEBUG: "Debug", INFO: "Info" } as const

/** Leaves out the lines below a level. */
export const minimum = (level: keyof typeof levels): Layer.Layer<never> =>
  Layer.succeed(References.MinimumLogLevel, levels[level])

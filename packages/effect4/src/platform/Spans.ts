import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Tracer from "effect/Tracer"

/** Runs an effect in a span of its own, which is still open when the end is told. No stack trace is taken. */
export const inSpan = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  { attributes, name }: { readonly name: string; readonly attributes: Record<string, unknown> },
  ended: (span: Tracer.Span, exit: Exit.Exit<A, E>) => Effect.Effect<void>
): Effect.Effect<A, E, R> =>
  Effect.useSpan(name, { attributes, kind: "internal" }, (span) =>
    Effect.onExit(Effect.withParentSpan(self, span, { captureStackTrace: false }), (exit) => ended(span, exit))
  )

import { SpanStatusCode } from "@opentelemetry/api"
import { type Context, type Option, Tracer } from "effect"

export interface Event {
  readonly name: string
  readonly at: number
  readonly attributes: { readonly [name: string]: unknown }
}

/** A tracer whose spans note their events. */
export const recording = (events: Array<Event>): Tracer.Tracer =>
  Tracer.make({ span: (options) => new Recorded(options, events) })

/** What a span of an interrupted effect says of its end. */
export const interrupted = SpanStatusCode.UNSET

class Recorded implements Tracer.Span {
  readonly _tag = "Span"
  readonly spanId = "1"
  readonly traceId = "1"
  readonly sampled = true
  readonly attributes = new Map<string, unknown>()
  readonly status: Tracer.SpanStatus
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: ReadonlyArray<Tracer.SpanLink>
  readonly kind: Tracer.SpanKind
  readonly name: string
  private readonly events: Array<Event>

  constructor(start: Parameters<Tracer.Tracer["span"]>[0], events: Array<Event>) {
    this.name = start.name
    this.parent = start.parent
    this.annotations = start.annotations
    this.links = start.links
    this.kind = start.kind
    this.status = { _tag: "Started", startTime: start.startTime }
    this.events = events
  }

  end(): void {}
  attribute(): void {}
  addLinks(): void {}
  event(name: string, startTime: bigint, attributes: { readonly [name: string]: unknown } = {}): void {
    this.events.push({ name, at: Number(startTime) / 1_000_000, attributes })
  }
}

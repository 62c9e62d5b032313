import type { Event } from "@truce/core"
import type { EventLog } from "@truce/effect3"
import { expectTypeOf, it } from "vitest"

it("an event of the log is what its schema says", () => {
  expectTypeOf<EventLog.Event>().toEqualTypeOf<Event.Event>()
})

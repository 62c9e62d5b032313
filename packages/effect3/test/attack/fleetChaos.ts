import { FleetPlan, FleetWatch } from "@truce/conformance"
import { CircuitBreaker } from "@truce/effect3"
import * as Fleet from "@truce/effect3/Fleet"
import * as FleetStore from "@truce/effect3/FleetStore"
import { Cause, Clock, Effect, Exit, type Fiber, Layer, PubSub, Stream, TestClock } from "effect"
import { interruptNow } from "../platform/Fibers.ts"
import { silent } from "../platform/Logs.ts"
import { onTestClock } from "../platform/TestTime.ts"
import { type ApiError, answering, classify, failing, key, settled, steady, times } from "../support.ts"

const leaseTimeoutMillis = 250

const failed = (reason: FleetStore.Reason, isInDoubt: boolean) =>
  new FleetStore.FleetStoreFailed({ reason, isInDoubt, detail: "chaos" })

const met = <A>(
  self: Effect.Effect<A>,
  fault: FleetPlan.Fault | undefined,
  isWrite: boolean
): Effect.Effect<A, FleetStore.FleetStoreFailed> => {
  switch (fault?.is) {
    case undefined:
      return self
    case "down":
      return Effect.fail(failed("down", false))
    case "refused":
      return Effect.fail(failed("down", true))
    case "read-only":
      return isWrite ? Effect.fail(failed("read-only", false)) : self
    case "lost":
      return Effect.zipRight(self, Effect.fail(failed("down", true)))
    case "defect":
      return Effect.zipRight(self, Effect.dieMessage("chaos"))
    case "silent":
      return Effect.zipRight(fault.isDone ? self : Effect.void, Effect.never)
    case "slow":
      return fault.isDoneFirst ? Effect.tap(self, () => Effect.sleep(fault.millis)) : Effect.delay(self, fault.millis)
  }
}

const passed = (millis: number) => Effect.zipRight(settled, Effect.zipRight(TestClock.adjust(millis), settled))

/** Lets it happen; the promises that were not kept. */
export const chaos = (plan: FleetPlan.Plan) =>
  Effect.gen(function* () {
    const { hasNews, onStoreDown, permits, witnesses } = plan
    const watch = FleetWatch.make({ permits, leaseTimeoutMillis })
    let stored: string | undefined
    const old: Array<string> = []
    const news = yield* Effect.acquireRelease(PubSub.unbounded<FleetStore.News>(), PubSub.shutdown)
    const faults = new Map<FleetPlan.Process, { readonly fault: FleetPlan.Fault; left: number }>()

    const storeOf = (process: FleetPlan.Process): FleetStore.Service => {
      const asked = <A extends FleetStore.Seen>(self: Effect.Effect<A>, isWrite = false) =>
        Effect.suspend(() => {
          const meets = faults.get(process)
          if (meets !== undefined && --meets.left <= 0) faults.delete(process)
          return Effect.tap(met(self, meets?.fault, isWrite), ({ text }) =>
            Effect.map(Clock.currentTimeMillis, (at) => watch.heard(process, text, at))
          )
        })
      return {
        read: () => asked(Effect.map(Clock.currentTimeMillis, (now) => ({ now, text: stored }))),
        swap: ({ expected, isNews, text }) =>
          asked(
            Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<FleetStore.Swapped> => {
              if (stored !== expected) return Effect.succeed({ now, text: stored, isSwapped: false })
              watch.replaced(process, stored, text)
              stored = text
              if (!isNews) return Effect.succeed({ now, text, isSwapped: true })
              old.push(text)
              return Effect.as(hasNews ? PubSub.publish(news, { key, text }) : Effect.void, {
                now,
                text,
                isSwapped: true
              })
            }),
            true
          ),
        news: Stream.fromPubSub(news)
      }
    }
    const started = (process: FleetPlan.Process) =>
      Effect.map(
        Layer.build(
          Fleet.layer({ witnesses, onStoreDown, process: `process ${process}` }).pipe(
            Layer.provideMerge(
              steady({ circuit: { permits, lease: "10 minutes", openFor: "500 millis", maxOpenFor: "1 second" } })
            ),
            Layer.provide(Layer.succeed(FleetStore.FleetStore, storeOf(process)))
          )
        ),
        (context) =>
          <A, E>(self: Effect.Effect<A, E, CircuitBreaker.CircuitBreaker | Fleet.Fleet>) =>
            Effect.provide(self, context)
      )
    const fleet = [yield* started(0), yield* started(1), yield* started(2)] as const

    const waits = new Set<{ readonly process: FleetPlan.Process; readonly askedAt: number }>()
    const called = (process: FleetPlan.Process, ends: Effect.Effect<string, ApiError>, millis: number | undefined) =>
      Effect.flatMap(Clock.currentTimeMillis, (askedAt) => {
        const run = fleet[process]
        let begun: FleetWatch.UnderWay | undefined
        const wait = { process, askedAt }
        waits.add(wait)
        let endedAt = 0
        const begins = Effect.gen(function* () {
          const at = yield* Clock.currentTimeMillis
          const { generation, since, status } = yield* run(CircuitBreaker.state(key))
          const isUp = (yield* run(Fleet.condition)) === "up"
          const here = [...waits].filter((one) => one.process === process)
          begun = watch.began({
            process,
            at,
            status,
            generation,
            isUp,
            waitedMillis: at - askedAt,
            longestMillis: at - Math.min(...here.map((one) => one.askedAt)),
            sinceMillis: at - since
          })
          waits.delete(wait)
        })
        const ended = Effect.map(Clock.currentTimeMillis, (at) => {
          endedAt = at
          if (begun !== undefined) watch.ended(begun)
        })
        const body = begins.pipe(
          Effect.zipRight(millis === undefined ? Effect.never : millis === 0 ? ends : Effect.delay(ends, millis)),
          Effect.ensuring(ended)
        )
        return run(CircuitBreaker.execute(body, { key, classify })).pipe(
          Effect.onExit((exit) =>
            Effect.gen(function* () {
              waits.delete(wait)
              const at = yield* Clock.currentTimeMillis
              if (begun === undefined) watch.rejected(process, at - askedAt)
              else watch.settled(begun, at - endedAt, (yield* run(Fleet.condition)) === "up")
              const dead = Exit.isFailure(exit) && Cause.isDie(exit.cause)
              if (dead) watch.died(process, Cause.pretty(exit.cause))
            })
          )
        )
      })

    const calls: Array<Fiber.RuntimeFiber<unknown, unknown>> = []
    const done = (action: FleetPlan.Action): Effect.Effect<void> => {
      switch (action.do) {
        case "attempt": {
          const self = called(action.process, action.fails ? failing : answering, action.millis)
          return times(
            action.times,
            Effect.gen(function* () {
              const fiber = yield* Effect.forkDaemon(self)
              calls.push(fiber)
              const after = action.interruptedAfter
              if (after === undefined) return
              yield* Effect.forkDaemon(
                Effect.zipRight(
                  after === 0 ? Effect.yieldNow() : Effect.sleep(after),
                  Effect.sync(() => interruptNow(fiber))
                )
              )
            })
          )
        }
        case "fault":
          return Effect.sync(() => {
            for (const process of action.processes) {
              faults.set(process, { fault: action.fault, left: action.questions ?? Infinity })
            }
          })
        case "recover":
          return Effect.sync(() => action.processes.forEach((process) => faults.delete(process)))
        case "lose":
          return Effect.sync(() => {
            stored = action.text
            watch.lost()
          })
        case "reset":
          return Effect.zipRight(
            Effect.sync(() => watch.reset(action.process)),
            fleet[action.process](CircuitBreaker.reset(key, "chaos"))
          )
        case "old news": {
          const text = old[action.pick % old.length]
          return text === undefined ? Effect.void : Effect.asVoid(PubSub.publish(news, { key, text }))
        }
        case "pass":
          return passed(action.millis)
      }
    }
    for (const action of [...FleetPlan.opening, ...plan.actions]) {
      yield* done(action)
      yield* settled
    }
    faults.clear()
    for (const fiber of calls) interruptNow(fiber)
    yield* settled
    // A leased probe or two, the longest open time and what is on its way: a lease is longer by far.
    const statuses = Effect.forEach(fleet, (run) => Effect.map(run(CircuitBreaker.state(key)), ({ status }) => status))
    let seen: ReadonlyArray<string> = []
    let millis = 0
    for (; millis < 20_000; millis += 250) {
      for (const process of FleetPlan.processes) yield* Effect.forkDaemon(called(process, answering, 0))
      yield* passed(250)
      seen = yield* statuses
      if (seen.every((status) => status === "Closed")) break
    }
    if (millis >= 20_000 && !watch.holdsUnknown()) watch.broken.push(`${seen.join(", ")} in the end, ${stored}`)
    return watch.broken
  }).pipe(Effect.scoped, Effect.provide(silent), onTestClock)

import { it } from "@effect/vitest"
import { Truce } from "@truce/effect4"
import { Script } from "@truce/effect4/testing"
import { Cause, Clock, Context, Effect, Exit, Fiber, Option } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect } from "vitest"
import { NotFound, Timeout, classify, key, on, peek, settled, steady } from "../support.ts"

const outcome = (exit: Exit.Exit<unknown, unknown>): unknown =>
  Exit.match(exit, {
    onSuccess: (value) => value,
    onFailure: (cause) => Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause))
  })

const ask = <A, E>(script: Script.Script<ReadonlyArray<unknown>, A, E>, times: number) =>
  Effect.map(Effect.replicateEffect(Effect.exit(script()), times), (exits) => exits.map(outcome))

describe("the steps", () => {
  it.effect("are done one after the other, each as often as it says", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([
        Script.succeeds("one"),
        Script.fails(new Timeout(), 2),
        Script.dies("broken"),
        Script.succeeds("two", 2)
      ])
      expect(yield* ask(script, 6)).toEqual(["one", new Timeout(), new Timeout(), "broken", "two", "two"])
      expect(yield* script.attempts).toBe(6)
    })
  )

  it.effect("can go on for ever", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.fails(new Timeout()), Script.forever(Script.succeeds("hello"))])
      expect((yield* ask(script, 1_000)).slice(0, 2)).toEqual([new Timeout(), "hello"])
      expect(yield* ask(script, 1)).toEqual(["hello"])
    })
  )

  it.effect("answer later", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([
        Script.after(
          "200 millis",
          Script.answers(() => Clock.currentTimeMillis)
        )
      ])
      const fiber = yield* Effect.forkChild(script())
      yield* TestClock.adjust("199 millis")
      expect((yield* peek(fiber))._tag).toBe("None")
      yield* TestClock.adjust("1 millis")
      expect(yield* Fiber.join(fiber)).toBe(200)
    })
  )

  it.effect("hang until they are interrupted", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.hangs()])
      const fiber = yield* Effect.forkChild(script())
      yield* TestClock.adjust("1 day")
      expect((yield* script.requests)[0]?.ended).toBe("running")
      yield* Fiber.interrupt(fiber)
      expect((yield* script.requests)[0]?.ended).toBe("interrupted")
    })
  )

  it.effect("answer by the arguments, with the services they need", () =>
    Effect.gen(function* () {
      class Greeting extends Context.Service<Greeting, string>()("Greeting") {}
      const script = yield* Script.make([
        Script.answers((id: string) => Effect.map(Greeting, (greeting) => `${greeting} ${id}`), 2),
        Script.fails(new NotFound({ id: "9" }))
      ])
      const provided = (id: string) => Effect.provideService(script(id), Greeting, "hello")
      expect(yield* provided("7")).toBe("hello 7")
      expect(yield* provided("8")).toBe("hello 8")
      expect(yield* Effect.flip(provided("9"))).toEqual(new NotFound({ id: "9" }))
    })
  )

  it.effect("die with what they throw", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([
        Script.answers((): Effect.Effect<string> => {
          throw new Error("bug")
        })
      ])
      expect(yield* ask(script, 1)).toEqual([new Error("bug")])
      expect((yield* script.requests)[0]?.ended).toBe("defect")
    })
  )
})

describe("the record", () => {
  it.effect("tells what was asked, when, what answered and how it ended", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([
        Script.answers((id: string) => Effect.succeed(id)),
        Script.after("1 second", Script.fails(new Timeout())),
        Script.forever(Script.dies("broken"))
      ])
      yield* script("7")
      yield* TestClock.adjust("5 seconds")
      const fiber = yield* Effect.forkChild(Effect.exit(script("8")))
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      yield* Effect.exit(script("9"))
      expect(yield* script.requests).toEqual([
        { number: 0, args: ["7"], at: 0, step: "answers", ended: "success" },
        { number: 1, args: ["8"], at: 5_000, step: "fails with Timeout after 1000 ms", ended: "failure" },
        { number: 2, args: ["9"], at: 7_000, step: "dies", ended: "defect" }
      ])
    })
  )

  it.effect("is taken as it was: later requests are not in it", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.forever(Script.succeeds("hello"))])
      yield* ask(script, 1)
      const before = yield* script.requests
      yield* ask(script, 1)
      expect(before).toHaveLength(1)
    })
  )

  it.effect("counts a request when it runs, not when it is described", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.succeeds("hello", 2)])
      const request = script()
      expect(yield* script.attempts).toBe(0)
      yield* request
      yield* request
      expect(yield* script.attempts).toBe(2)
    })
  )

  it.effect("is one for all who ask at once", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.hangs(3), Script.succeeds("hello")])
      const fibers = yield* Effect.replicateEffect(Effect.forkChild(script()), 4)
      yield* settled
      const ended = (yield* script.requests).map((request) => request.ended)
      expect(ended).toEqual(["running", "running", "running", "success"])
      yield* Fiber.interruptAll(fibers)
    })
  )
})

describe("the end of a script", () => {
  it.effect("is a defect that says what was asked and what the steps were", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.succeeds("hello"), Script.fails(new Timeout(), 2)], {
        name: "users-api"
      })
      yield* Effect.replicateEffect(Effect.exit(script("7", { page: 2 })), 3)
      const exit = yield* Effect.exit(script("8"))
      const defect = outcome(exit)
      expect(defect).toBeInstanceOf(Script.ScriptRanOut)
      expect(defect instanceof Error && defect.message).toBe(
        'users-api ran out: no step is left for request 4 of arguments ["8"]. ' +
          "Its steps: succeeds, fails with Timeout 2 times. End it with Script.forever, or set atEnd."
      )
      expect(yield* script.attempts).toBe(4)
    })
  )

  it.effect("is told of even where the arguments are no data", () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.succeeds("hello")])
      const loop: { self?: unknown } = {}
      loop.self = loop
      yield* script(loop)
      const defect = outcome(yield* Effect.exit(script(loop, 1n)))
      expect(defect instanceof Error && defect.message).toContain("of arguments (object, bigint)")
    })
  )

  it.effect('repeats the last step with atEnd: "repeat-last"', () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.succeeds(1), Script.succeeds(2)], { atEnd: "repeat-last" })
      expect(yield* ask(script, 5)).toEqual([1, 2, 2, 2, 2])
    })
  )

  it.effect('begins anew with atEnd: "repeat-all"', () =>
    Effect.gen(function* () {
      const script = yield* Script.make([Script.succeeds(1, 2), Script.succeeds(2)], { atEnd: "repeat-all" })
      expect(yield* ask(script, 7)).toEqual([1, 1, 2, 1, 1, 2, 1])
    })
  )
})

describe("under protection", () => {
  const test = on(() => steady())

  test("a script that fails twice is asked three times, at the times of the schedule", () =>
    Effect.gen(function* () {
      const fetchName = yield* Script.makeFor<(id: string) => Effect.Effect<string, Timeout | NotFound>>()([
        Script.fails(new Timeout(), 2),
        Script.succeeds("Ada")
      ])
      const fiber = yield* Effect.forkChild(fetchName("7").pipe(Truce.protect({ key, classify })))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(fiber)).toBe("Ada")
      expect((yield* fetchName.requests).map(({ args: [id], at }) => [id, at])).toEqual([
        ["7", 0],
        ["7", 100],
        ["7", 300]
      ])
    }))
})

describe("an impossible script", () => {
  const broken: ReadonlyArray<readonly [string, () => Effect.Effect<unknown>, string]> = [
    ["no steps", () => Script.make([]), "steps must be at least one step, and none after one that is for ever, got []"],
    [
      "a step after one that is for ever",
      () => Script.make([Script.forever(Script.succeeds(1)), Script.hangs()]),
      'steps must be at least one step, and none after one that is for ever, got ["succeeds for ever","hangs"]'
    ],
    ["a step done never", () => Script.make([Script.hangs(0)]), "times must be a whole number of at least 1, got 0"],
    [
      "a delay that is none",
      () => Script.make([Script.after("-1 seconds", Script.hangs())]),
      'Script.after: delay must be a duration such as "500 millis", got "-1 seconds"'
    ]
  ]
  it.effect.each(broken)("is a defect: %s", ([, make, message]) =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(Effect.suspend(make))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain(message)
    })
  )
})

/** When the calls of an open world begin: a stream of times that depends on no design. */
import * as Random from "./Random.ts"
import * as Timeline from "./Timeline.ts"
import type { World } from "./World.ts"

/** The time of the next call; Infinity where callers wait for their answers and no call comes by itself. */
export type ArrivalProcess = () => number

export const make = (world: World, seed: number): ArrivalProcess => {
  const { arrivals } = world
  const timeline = Timeline.make(world.faults, undefined)
  const draw = Random.uniform(seed, "arrivals")
  let number = 0
  let now = 0
  if (arrivals._tag === "ClosedLoop") return () => Infinity
  const bursts = arrivals._tag === "Bursty" ? alternating(arrivals, Random.uniform(seed, "bursts")) : always
  const perMilli =
    arrivals._tag === "Bursty"
      ? (arrivals.perSecond * (arrivals.onMillis + arrivals.offMillis)) / arrivals.onMillis / 1_000
      : arrivals.perSecond / 1_000
  // A unit is what passes between two calls; a rate that changes makes it pass faster or slower.
  return () => {
    let units = arrivals._tag === "Constant" ? (number === 0 ? 0.5 : 1) : Random.exponential(draw(number))
    number++
    for (;;) {
      const weather = timeline.at(now)
      const burst = bursts(now)
      const rate = burst.isOn ? perMilli * weather.arrivalFactor : 0
      const until = Math.min(weather.untilMillis, burst.untilMillis)
      const at = rate === 0 ? Infinity : now + units / rate
      if (at <= until) return (now = at)
      units -= (until - now) * rate
      now = until
    }
  }
}

interface Burst {
  readonly isOn: boolean
  readonly untilMillis: number
}

const always = (): Burst => ({ isOn: true, untilMillis: Infinity })

const alternating = (
  { offMillis, onMillis }: { readonly onMillis: number; readonly offMillis: number },
  draw: Random.Draws
): ((now: number) => Burst) => {
  let number = 0
  let isOn = false
  let untilMillis = 0
  return (now) => {
    while (untilMillis <= now) {
      isOn = !isOn
      untilMillis += (isOn ? onMillis : offMillis) * Random.exponential(draw(number++))
    }
    return { isOn, untilMillis }
  }
}

/** A flaw of a seed: its trace beside that of the design that does not have it. */
import * as Effect from "effect/Effect"
import type { Design } from "../Design.ts"
import type { Flaw } from "../Flaw.ts"
import type { RunResult } from "../Run.ts"
import { encode } from "./Markup.ts"
import * as Focus from "./Focus.ts"
import * as RunPicture from "./RunPicture.ts"
import * as TracePicture from "./TracePicture.ts"

export interface Shown {
  readonly flaw: Flaw
  /** First the flawed design, then the sound one; a result that is not there was not run. */
  readonly sides: ReadonlyArray<{ readonly design: Design; readonly result: RunResult | undefined }>
}

export const draw = ({ flaw, sides }: Shown): Effect.Effect<string> =>
  Effect.gen(function* () {
    const results = sides.flatMap(({ design, result }) => (result === undefined ? [] : [{ design, result }]))
    const focuses = Focus.of(results.map(({ result }) => result)) ?? []
    const peak = RunPicture.peakOf(results.map(({ result }) => result))
    const figures = yield* Effect.forEach(results, ({ design, result }, index) => {
      const focus = focuses[index]
      const label = `${flaw.title}, ${design.title}`
      const picture =
        focus === undefined
          ? RunPicture.draw(flaw.scenario, result, peak)
          : TracePicture.draw(label, result.trace ?? [], focus)
      const { happens, text } = flaw.find(result)
      const verdict = `<span class="${happens ? "bad" : "good"}">${happens ? "It happens" : "It does not happen"}.</span>`
      return Effect.map(
        picture,
        (drawn) =>
          `<figure><figcaption>${encode(design.title)}<small>${verdict} ${encode(text)}</small></figcaption>${drawn}</figure>`
      )
    })
    return `<section id="${encode(flaw.name)}"><h3>${encode(flaw.title)} <code class="quiet">pnpm lab run ${encode(flaw.name)} ${encode(flaw.design.name)} --trace</code></h3>
<p>${encode(flaw.claim)}</p><div class="pair">${figures.join("\n")}</div><p class="quiet"><b>Truce:</b> ${encode(flaw.truce)}</p></section>`
  })

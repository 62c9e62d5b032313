/** A flaw of the seeds step by step, beside Truce at the same steps. */
import type { Shown, Walked } from "../Walkthrough.ts"
import { encode } from "./Markup.ts"

const side = (who: string, { happens, steps, text }: Shown): string => {
  const verdict = `<span class="${happens ? "bad" : "good"}">${happens ? "It happens" : "It does not happen"}.</span>`
  const lines = steps.map((step) => `<li>${encode(step)}</li>`).join("")
  return `<figure><figcaption>${who}<small>${verdict} ${encode(text)}</small></figcaption><ol>${lines}</ol></figure>`
}

export const draw = ({ seed, sound, walkthrough }: Walked): string => {
  const { claim, name, title, truce } = walkthrough
  return `<section id="${encode(name)}"><h3>${encode(title)} <code class="quiet">pnpm lab show ${encode(name)}</code></h3>
<p>${encode(claim)}</p><div class="pair">${side("The seed", seed)}\n${side("Truce", sound)}</div><p class="quiet"><b>Truce:</b> ${encode(truce)}</p></section>`
}

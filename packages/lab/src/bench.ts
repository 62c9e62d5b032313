/** How fast the engine is: attempts a second for each design, and the memory of a long run. `pnpm --filter @truce/lab bench [NAME]...` */
import * as Designs from "./Designs.ts"
import { run } from "./Run.ts"
import * as Scenarios from "./Scenarios.ts"

const names = process.argv.slice(2)
const designs = names.length === 0 ? Designs.all : Designs.all.filter(({ name }) => names.includes(name))

/** About a million attempts, two fifths of the time in a brownout that no design of Truce opens for. */
const scenario = (seconds: number) => Scenarios.brownoutAt(30, 1_000)(seconds * 1_000)

for (const design of designs) {
  run(scenario(20), design, { seed: 0 })
  const started = process.hrtime.bigint()
  const { total } = run(scenario(640), design, { seed: 1 })
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const rate = Math.round(total.asked / seconds).toLocaleString("en")
  console.log(
    `${design.name.padEnd(28)} ${total.asked} attempts asked for in ${seconds.toFixed(2)} s: ${rate} a second`
  )
}

const truce = Designs.find("truce")
if (truce !== undefined) {
  for (const minutes of [5, 20, 80]) {
    globalThis.gc?.()
    const { total } = run(scenario(60 * minutes), truce, { seed: 1 })
    globalThis.gc?.()
    const megabytes = process.memoryUsage().heapUsed / 1e6
    console.log(`${minutes} minutes, ${total.attempts} attempts: ${megabytes.toFixed(1)} MB in use after it`)
  }
}

/**
 * How fast the engine is: attempts a second for each design, and the memory of a long run. `pnpm --filter @truce/lab bench [NAME]...`
 *
 * The median of three runs after one that warms up, without a time series, as in a sweep. By the thread's own time: a machine that has other
 * things to do makes the clock's worse, which stands beside it.
 */
import * as Designs from "./Designs.ts"
import { run } from "./Run.ts"
import * as Scenarios from "./Scenarios.ts"

const names = process.argv.slice(2)
const designs = names.length === 0 ? Designs.all : Designs.all.filter(({ name }) => names.includes(name))

/** About a million attempts, two fifths of the time in a brownout that no design of Truce opens for. */
const scenario = (seconds: number) => Scenarios.brownoutAt(30, 1_000)(seconds * 1_000)

const measured = 3

for (const design of designs) {
  const runs = Array.from({ length: 1 + measured }, () => {
    const before = process.threadCpuUsage()
    const started = process.hrtime.bigint()
    const { total } = run(scenario(640), design, { seed: 1, series: false })
    const { system, user } = process.threadCpuUsage(before)
    const wall = Number(process.hrtime.bigint() - started) / 1e9
    return { asked: total.asked, busy: (system + user) / 1e6, wall }
  })
  const [, median] = runs.slice(1).sort((a, b) => a.busy - b.busy)
  if (median === undefined) continue
  const { asked, busy, wall } = median
  const rate = Math.round(asked / busy).toLocaleString("en")
  console.log(
    `${design.name.padEnd(28)} ${asked} attempts asked for in ${busy.toFixed(2)} s of its thread (${wall.toFixed(2)} s by the clock): ${rate} a second`
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

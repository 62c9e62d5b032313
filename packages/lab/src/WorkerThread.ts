/** A worker: simulates one job after another, so that the thread of the command line can draw and be interrupted. */
import { parentPort, workerData } from "node:worker_threads"
import type { Catalogue } from "./Catalogue.ts"
import type { Job, Message, Setup } from "./WorkerProtocol.ts"

const setup: Setup = workerData
const loaded: { readonly catalogue: Catalogue } = await import(setup.catalogue)

const port = parentPort
if (port === null) throw new Error("WorkerThread.ts runs as a worker of WorkerPool.ts")
const tell = (message: Message): void => port.postMessage(message)

const simulate = ({ scenario, seed, series, trace = 0, ...job }: Job): Message => {
  const { designs, run } = loaded.catalogue
  const design = designs.find(({ name }) => name === job.design)
  if (design === undefined) return { _tag: "Failed", message: `${job.design}: not in the catalogue` }
  const onProgress = (millis: number): void =>
    tell({ _tag: "Progress", share: Math.min(1, millis / scenario.durationMillis) })
  return { _tag: "Done", result: run(scenario, design, { seed, trace, series, onProgress }) }
}

port.on("message", (job: Job) => {
  try {
    tell(simulate(job))
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    tell({ _tag: "Failed", message: `${job.scenario.name} with ${job.design}, seed ${job.seed}: ${reason}` })
  }
})

/** A worker: simulates one job after another, so that the thread of the command line can draw and be interrupted. */
import { parentPort, workerData } from "node:worker_threads"
import type { Catalogue } from "./Catalogue.ts"
import type { Job, Message, Setup } from "./WorkerProtocol.ts"

const setup: Setup = workerData
const loaded: { readonly catalogue: Catalogue } = await import(setup.catalogue)

const port = parentPort
if (port === null) throw new Error("WorkerThread.ts runs as a worker of WorkerPool.ts")
const tell = (message: Message): void => port.postMessage(message)

const simulate = (job: Job): Message => {
  const { designs, run, scenarios } = loaded.catalogue
  const scenario = scenarios.find(({ name }) => name === job.scenario)
  const design = designs.find(({ name }) => name === job.design)
  if (scenario === undefined || design === undefined) {
    return { _tag: "Failed", message: `${job.scenario} with ${job.design}: not in the catalogue` }
  }
  const result = run(scenario, design, {
    seed: job.seed,
    onProgress: (millis) => tell({ _tag: "Progress", share: Math.min(1, millis / scenario.durationMillis) })
  })
  return { _tag: "Done", result: job.series ? result : { ...result, buckets: [] } }
}

port.on("message", (job: Job) => {
  try {
    tell(simulate(job))
  } catch (error) {
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
    tell({ _tag: "Failed", message: `${job.scenario} with ${job.design}, seed ${job.seed}: ${reason}` })
  }
})

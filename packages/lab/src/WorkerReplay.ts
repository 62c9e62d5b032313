/** A worker that replays one log: it reads and judges without a pause, and the command line stays free to draw and to stop it. */
import type { Policy } from "@truce/effect3/Policy"
import { closeSync, openSync } from "node:fs"
import { parentPort, workerData } from "node:worker_threads"
import { replay, type Result } from "./Replay.ts"

export interface Setup {
  readonly file: string
  readonly policy: Policy
  /** Not 0 when it has to stop. */
  readonly stop: Int32Array
}

export type Message =
  | { readonly _tag: "Progress"; readonly bytes: number }
  | { readonly _tag: "Done"; readonly result: Result }

const { file, policy, stop }: Setup = workerData
const tell = (message: Message): void => parentPort?.postMessage(message)

const descriptor = openSync(file, "r")
try {
  const result = replay({
    descriptor,
    policy,
    isStopped: () => Atomics.load(stop, 0) !== 0,
    onProgress: (bytes) => tell({ _tag: "Progress", bytes })
  })
  tell({ _tag: "Done", result })
} finally {
  closeSync(descriptor)
}

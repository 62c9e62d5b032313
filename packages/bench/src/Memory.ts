/** Bytes of heap for each key; every library and state in a process of its own, so that heaps do not mix. */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { PeerName } from "./Case.ts"

export const states = {
  pristine: "asked for, never called",
  idle: "healthy, called once",
  failed: "after one failure",
  open: "open"
} as const

export type State = keyof typeof states

export const isState = (name: string): name is State => Object.hasOwn(states, name)

export const stateNames: ReadonlyArray<State> = Object.keys(states).filter(isState)

export const holders = ["truce", "truce4", "effect4", "cockatiel"] as const satisfies ReadonlyArray<PeerName>

export interface Memory {
  readonly peer: PeerName
  readonly state: State
  readonly keys: number
  readonly bytesPerKey: number
}

export type Memories = ReadonlyArray<Memory>

export const run = async (
  sizes: ReadonlyArray<number>,
  tick: (done: number, of: number) => void
): Promise<Memories> => {
  const tasks = holders.flatMap((peer) => stateNames.map((state) => ({ peer, state })))
  const memories: Array<Memory> = []
  for (const [index, { peer, state }] of tasks.entries()) {
    tick(index, tasks.length)
    // One after the other: a million keys of cockatiel take more than a gigabyte.
    for (const line of (await worker([peer, state, ...sizes.map(String)])).trim().split("\n")) {
      const [keys = NaN, bytes = NaN] = line.split(" ").map(Number)
      memories.push({ peer, state, keys, bytesPerKey: bytes / keys })
    }
  }
  tick(tasks.length, tasks.length)
  return memories
}

export const bytesOf = (memories: Memories, peer: PeerName, state: State, keys: number): number | undefined =>
  memories.find((one) => one.peer === peer && one.state === state && one.keys === keys)?.bytesPerKey

const file = fileURLToPath(new URL("./MemoryWorker.ts", import.meta.url))

const worker = (args: ReadonlyArray<string>): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--expose-gc", "--max-old-space-size=8192", file, ...args], {
      stdio: ["ignore", "pipe", "inherit"]
    })
    let output = ""
    child.stdout.on("data", (chunk) => (output += String(chunk)))
    child.on("error", reject)
    child.on("close", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${args.join(" ")}: the memory worker ended with code ${code}`))
    )
  })

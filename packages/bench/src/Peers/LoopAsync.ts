/** Loops of promises. */
import { type Case, type Run, callsPerFiber } from "../Case.ts"

export type Call = () => Promise<unknown>

export const sequence =
  (next: () => Call): Run =>
  async (count) => {
    for (let left = count; left > 0; left--) await next()()
  }

/** A rejection is what is measured: it ends nothing. */
export const settled =
  (call: Call): Call =>
  async () => {
    try {
      await call()
    } catch {}
  }

export const ok: Call = async () => 1

export class Refused extends Error {}

const refusal = new Refused()

export const refused: Call = async () => {
  throw refusal
}

const inFibers =
  (fibers: number, call: Call): Run =>
  async (count) => {
    const one = sequence(() => call)
    await Promise.all(Array.from({ length: fibers }, () => one(count / fibers)))
  }

export const fiberCase = (fibers: number, protect: (call: Call) => Call): Case => {
  const call: Call = () => Promise.resolve().then(() => undefined)
  return { batch: fibers * callsPerFiber, run: inFibers(fibers, protect(call)), bare: inFibers(fibers, call) }
}

export const succeeds: Run = sequence(() => ok)

const isRefused = settled(refused)

export const fails: Run = sequence(() => isRefused)

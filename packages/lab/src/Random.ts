/**
 * Draws that can be asked for in any order: number (a, b) of a stream of a seed is always the same.
 *
 * So the third attempt of call 17 meets the same latency and the same luck under every design, whatever was sent before it.
 */

/** Independent streams; what one uses up is nothing to another. */
export const streams = {
  arrivals: 1,
  bursts: 2,
  latency: 3,
  errors: 4,
  poison: 5,
  process: 6,
  partition: 7,
  think: 8,
  jitter: 9,
  circuit: 10,
  patience: 11
} as const

export type Stream = keyof typeof streams

/** A stream of one seed. */
export type Draws = (a: number, b?: number) => number

// The finalizer of MurmurHash3, twice: each word goes through a full mix before the next is added.
const mix = (word: number): number => {
  let x = word
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}

const key = (seed: number, stream: Stream): number => mix((mix(seed | 0) + Math.imul(streams[stream], 0x9e3779b9)) | 0)

/** Uniform draws in [0, 1). */
export const uniform = (seed: number, stream: Stream): Draws => {
  const start = key(seed, stream)
  return (a, b = 0) =>
    (mix((mix((start + Math.imul(a, 0x9e3779b9)) | 0) + Math.imul(b + 1, 0x85ebca77)) | 0) >>> 0) / 4_294_967_296
}

/** A whole number of 32 bits. */
export const integer = (seed: number, stream: Stream, a: number): number =>
  mix((key(seed, stream) + Math.imul(a + 1, 0x9e3779b9)) | 0)

/** Exponential with mean 1. */
export const exponential = (u: number): number => -Math.log1p(-u)

/**
 * Spread that can be replayed: draw number `n` of a seed is always the same number.
 *
 * The circuit keeps a seed and draws by generation, so that randomness is plain data: a log replays, and a snapshot restores, to the
 * same open times, while two processes with different seeds never move in step.
 *
 * @since 0.1.0
 */

/**
 * The n-th draw of a seed, uniform in [0, 1).
 *
 * The mixing is the finalizer of MurmurHash3 over the golden-ratio sequence (SplitMix).
 *
 * **Example** (Drawing twice)
 *
 * ```ts
 * import { Jitter } from "@truce/core"
 *
 * Jitter.draw(7, 1) === Jitter.draw(7, 1) // => true
 * ```
 *
 * @category getters
 * @since 0.1.0
 */
export const draw = (seed: number, n: number): number => {
  let x = (seed + Math.imul(n, 0x9e3779b9)) | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return ((x ^ (x >>> 16)) >>> 0) / 4_294_967_296
}

/**
 * An immutable queue of bits: push and pop are O(1) (amortised; a list node holds 30 bits), and old versions stay valid, which a
 * transaction that is run again needs.
 */

/** Full words, linked; the newest first in `back`, the oldest first in `front`. */
interface Words {
  readonly word: number
  readonly next: Words | undefined
}

export interface BitQueue {
  readonly length: number
  /** The newest bits, not yet a full word. */
  readonly head: number
  readonly headBits: number
  readonly back: Words | undefined
  readonly front: Words | undefined
  /** The oldest word, of which the low `tailBits` bits are left. */
  readonly tail: number
  readonly tailBits: number
}

export const empty: BitQueue = {
  length: 0,
  head: 0,
  headBits: 0,
  back: undefined,
  front: undefined,
  tail: 0,
  tailBits: 0
}

/** A small integer in every engine, so that a word is not boxed. */
const wordBits = 30

export const push = (self: BitQueue, bit: 0 | 1): BitQueue => {
  const head = self.head | (bit << self.headBits)
  const headBits = self.headBits + 1
  return headBits < wordBits
    ? { ...self, length: self.length + 1, head, headBits }
    : { ...self, length: self.length + 1, head: 0, headBits: 0, back: { word: head, next: self.back } }
}

/** The oldest bit and the queue without it; of an empty queue, 0 and the queue itself. */
export const pop = (self: BitQueue): readonly [0 | 1, BitQueue] => {
  if (self.length === 0) return [0, self]
  const ready = self.tailBits > 0 ? self : refill(self)
  const bit = (ready.tail & 1) === 1 ? 1 : 0
  return [bit, { ...ready, length: ready.length - 1, tail: ready.tail >>> 1, tailBits: ready.tailBits - 1 }]
}

export const toString = (self: BitQueue): string => {
  let text = ""
  let rest = self
  while (rest.length > 0) {
    const [bit, next] = pop(rest)
    text += bit
    rest = next
  }
  return text
}

export const fromString = (text: string): BitQueue => {
  let queue = empty
  for (const character of text) queue = push(queue, character === "1" ? 1 : 0)
  return queue
}

const refill = (self: BitQueue): BitQueue => {
  const front = self.front ?? reverse(self.back)
  const back = self.front === undefined ? undefined : self.back
  return front === undefined
    ? { ...self, tail: self.head, tailBits: self.headBits, head: 0, headBits: 0, back, front }
    : { ...self, tail: front.word, tailBits: wordBits, front: front.next, back }
}

const reverse = (words: Words | undefined): Words | undefined => {
  let reversed: Words | undefined
  for (let rest = words; rest !== undefined; rest = rest.next) reversed = { word: rest.word, next: reversed }
  return reversed
}

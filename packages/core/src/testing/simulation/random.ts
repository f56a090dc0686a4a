/** A stream of numbers that follows from a seed alone. */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A number in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<A>(from: readonly A[]): A {
    const picked = from[this.integer(0, from.length - 1)]
    if (picked === undefined) throw new Error("nothing to pick from")
    return picked
  }
}

/** A number that follows from a text alone, so that it does not depend on when it is asked for. */
export function hashOf(text: string, start = 0x811c9dc5): number {
  let hash = start
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

/** Random numbers for one purpose: taking more for one does not shift those for another. */
export function randomFor(seed: number, purpose: string): SeededRandom {
  return new SeededRandom(hashOf(purpose, hashOf(String(seed))))
}

import type { SeededRandom } from "./random.ts"

/** Something that is to happen at an instant. */
interface Happening {
  readonly at: number
  /** Decides, by the seed, among what happens at the same instant. */
  readonly tie: number
  readonly run: () => void
  isCancelled: boolean
}

/** The instant at which every simulation begins. */
export const beginningAt = Date.UTC(2026, 0, 1)

/**
 * The one clock of a simulated world, and everything that is still to happen in it, in a binary heap.
 *
 * Time moves only from one happening to the next, so an hour costs what happens in it.
 */
export class VirtualTime {
  now = beginningAt
  readonly #random: SeededRandom
  readonly #heap: Happening[] = []

  constructor(random: SeededRandom) {
    this.#random = random
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.now - beginningAt
  }

  /** Lets something happen later; gives back what calls it off. */
  after(ms: number, run: () => void): () => void {
    const happening = {
      at: this.now + Math.max(0, Math.ceil(ms)),
      tie: this.#random.next(),
      run,
      isCancelled: false,
    }
    this.#push(happening)
    return () => {
      happening.isCancelled = true
    }
  }

  /** Moves to what happens next and lets it; false when nothing is left. */
  advance(): boolean {
    for (;;) {
      const next = this.#pop()
      if (next === undefined) return false
      if (next.isCancelled) continue
      this.now = next.at
      next.run()
      return true
    }
  }

  #push(added: Happening): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || isBefore(above, added)) break
      heap[at] = above
      at = parent
    }
    heap[at] = added
  }

  #pop(): Happening | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      const isRight = left !== undefined && right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (child === undefined || isBefore(last, child)) break
      heap[at] = child
      at = 2 * at + (isRight ? 2 : 1)
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.at < b.at || (a.at === b.at && a.tie <= b.tie)
}

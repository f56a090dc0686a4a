/** What is known of one source of a pipeline, over all the times that the pipeline was built. */
interface SourceRecord {
  /** The pages that were pulled, in order. */
  readonly pages: number[]
  pullsNow: number
  /** The most values that were read from its beginning, for sources without pages. */
  valuesMax: number
  newValuesNow: number
  hasFailed: boolean
}

/** An opening of a source. */
interface Opening {
  readonly key: string
  closings: number
}

/** Counts what the sources of a pipeline are asked for, when they are opened and how often they are closed. */
export class SourceLedger {
  readonly #sources = new Map<string, SourceRecord>()
  readonly openings: Opening[] = []
  /** Whether sources and `failing` operators throw, each once. */
  readonly hasFailures: boolean
  constructor(options: { hasFailures: boolean }) {
    this.hasFailures = options.hasFailures
  }

  open(key: string): Opening {
    const opening = { key, closings: 0 }
    this.openings.push(opening)
    return opening
  }

  /** Starts counting for one pull of the whole pipeline. */
  beginPull(): void {
    for (const source of this.#sources.values()) {
      source.pullsNow = 0
      source.newValuesNow = 0
    }
  }

  readPage(key: string, page: number): void {
    const source = this.#source(key)
    source.pages.push(page)
    source.pullsNow++
  }

  readValue(key: string, index: number): void {
    const source = this.#source(key)
    if (index < source.valuesMax) return
    source.valuesMax = index + 1
    source.newValuesNow++
  }

  /** Throws once for each key, if failures are asked for. */
  failOnce(key: string): void {
    const source = this.#source(key)
    if (!this.hasFailures || source.hasFailed) return
    source.hasFailed = true
    throw new Error(`planned failure of ${key}`)
  }

  /** The sources that were pulled more than once in the pull that was begun last. */
  pulledTwiceNow(): string[] {
    return this.#keysWhere((source) => source.pullsNow > 1)
  }

  /** The sources of which more values were read, in the pull that was begun last, than it asked for. */
  readAheadNow(limit: number): string[] {
    return this.#keysWhere((source) => source.newValuesNow > limit)
  }

  /** The sources of which one page was pulled twice, or out of order. */
  pulledAgain(): string[] {
    return this.#keysWhere((source) =>
      source.pages.some((page, at) => at > 0 && page <= source.pages[at - 1]!),
    )
  }

  /** The sources that are open now. */
  stillOpen(): string[] {
    return this.openings.filter((opening) => opening.closings === 0).map((opening) => opening.key)
  }

  /** The sources that are open more than once at the same time. */
  openTwice(): string[] {
    const open = this.stillOpen()
    return open.filter((key, at) => open.indexOf(key) !== at)
  }

  /** The sources that were closed more than once. */
  closedTwice(): string[] {
    return this.openings.filter((opening) => opening.closings > 1).map((opening) => opening.key)
  }

  #keysWhere(holds: (source: SourceRecord) => boolean): string[] {
    return [...this.#sources].filter(([, source]) => holds(source)).map(([key]) => key)
  }

  #source(key: string): SourceRecord {
    const known = this.#sources.get(key)
    if (known !== undefined) return known
    const source = { pages: [], pullsNow: 0, valuesMax: 0, newValuesNow: 0, hasFailed: false }
    this.#sources.set(key, source)
    return source
  }
}

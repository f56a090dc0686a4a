import type { IndexRange } from "../index-ranges.ts"

/** A slice of what a task of the same run has left so far, in index order. */
export interface StreamSlice {
  /** A `Gap` stands where an instance left no value. */
  readonly items: readonly unknown[]
  /** The index of the first item after this slice. */
  readonly nextIndex: number
  /** What was taken out of order beyond `nextIndex`, this slice included; absent where the stream is read in order. */
  readonly ahead?: readonly IndexRange[]
  /** True when the upstream has ended and nothing follows this slice. */
  readonly exhausted: boolean
}

/** Reads the results of the other tasks of a run, page by page. Implemented by whoever runs the stream. */
export interface StreamReader {
  /** The items of a mapped task or of a shared source, from `fromIndex` on, as far as they are there without a hole. */
  readStream(options: {
    taskId: string
    fromIndex: number
    /** Reads finished pages, whichever comes first, except for these indexes; absent: in order. */
    ahead?: readonly IndexRange[]
    limit: number
    signal: AbortSignal
  }): Promise<StreamSlice>
  /** The value that an unmapped task returned. */
  readXCom(options: { taskId: string; signal: AbortSignal }): Promise<unknown>
}

/** A slice of what a task of the same run has left so far, in index order. */
export interface StreamSlice {
  /** A `Gap` stands where an instance left no value. */
  readonly items: readonly unknown[]
  /** The index of the first item after this slice. */
  readonly nextIndex: number
  /** True when the upstream has ended and nothing follows this slice. */
  readonly exhausted: boolean
}

/** Reads the results of the other tasks of a run, page by page. Implemented by whoever runs the stream. */
export interface StreamReader {
  /** The items of a mapped task or of a shared source, from `fromIndex` on, as far as they are there without a hole. */
  readStream(options: {
    taskId: string
    fromIndex: number
    limit: number
    signal: AbortSignal
  }): Promise<StreamSlice>
  /** The value that an unmapped task returned. */
  readXCom(options: { taskId: string; signal: AbortSignal }): Promise<unknown>
}

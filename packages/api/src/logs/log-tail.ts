/**
 * The log of one instance, read once for all who follow it.
 *
 * A tail reads when a wake-up says that its expansion logged, or that something ended, at most once in a while, and keeps
 * the newest lines. A follower takes from them; one that is further behind reads from the store by itself until it is
 * there, as fast as its client takes it. Nobody follows: nothing is read. A lost wake-up costs a slow look, no line.
 */
import { isEndedState, isFinalExpansionState, type TaskInstanceState } from "@sluice/core/state"
import type { LogRow, StoreService, WakeupTopic } from "@sluice/core/store"
import { Effect } from "effect"

/** What a tail keeps at most, in lines and in characters. */
export const tailLinesMax = 1_000
export const tailCharactersMax = 256 * 1024

/** Lines that are read at once. */
const linesPerRead = 500

/** How soon a tail looks after a wake-up of its own, after one that may be about it, and without any. */
const coalesceMs = 100
const stateLookMs = 1_000
const pollMs = 10_000

/** How long a follower may hear nothing. */
const silenceMs = 15_000

const stateTopics = ["progress", "run", "due", "control"] as const satisfies readonly WakeupTopic[]

/** The instance whose log it is. */
export interface LogSource {
  readonly expansionId: string
  readonly mapIndex: number
}

/** What a follower is told next: lines, or that there is nothing new for a while; at last the end. */
export type TailPart =
  | { readonly type: "lines"; readonly rows: readonly LogRow[] }
  | { readonly type: "waiting" | "end"; readonly state: TaskInstanceState | null }

/** A log that is followed. */
export interface LogTail {
  /** Tells of lines after an id (null: from the first) of one try, or of all (0), until there will be no more. */
  readonly follow: (options: {
    readonly after: string | null
    readonly tryNumber: number
    readonly signal: AbortSignal
  }) => AsyncGenerator<TailPart>
}

/** How an instance stands; null: its page is not there yet. */
interface Standing {
  readonly state: TaskInstanceState | null
  readonly tryNumber: number
  /** Its task will run nothing any more. */
  readonly isTaskOver: boolean
}

/** Makes a tail that nobody follows yet. */
export function makeLogTail(options: {
  readonly store: StoreService
  readonly source: LogSource
  /** Told when the last follower has gone. */
  readonly onIdle: () => void
}): LogTail {
  const { store, source, onIdle } = options
  const kept = makeKeptLines()
  const followers = new Set<() => void>()
  let standing: Standing | undefined
  let failure: unknown
  let looking = Promise.resolve()
  let timer: { readonly id: NodeJS.Timeout; readonly at: number } | undefined
  let unsubscribe = () => {}

  const look = async () => {
    timer = undefined
    // Before anybody has caught up there is no line to go on after.
    if (followers.size === 0 || !kept.hasBegun()) return
    try {
      // The state before the lines: what is logged comes before what it ends with.
      const before = await standingOf(store, source)
      for (;;) {
        const rows = await readLines(store, source, kept.last())
        kept.add(rows)
        if (rows.length > 0) wakeAll()
        if (rows.length < linesPerRead) break
      }
      const isChanged = standing?.state !== before.state || standing.isTaskOver !== before.isTaskOver
      standing = before
      if (isChanged) wakeAll()
      lookIn(pollMs)
    } catch (error) {
      failure = error
      wakeAll()
    }
  }
  const wakeAll = () => {
    for (const wake of followers) wake()
  }
  /** Looks after so long, or earlier if that is planned already. */
  const lookIn = (ms: number) => {
    const at = performance.now() + ms
    if (followers.size === 0 || (timer !== undefined && timer.at <= at)) return
    clearTimeout(timer?.id)
    const next = () => {
      looking = looking.then(look)
    }
    timer = { at, id: setTimeout(next, ms) }
  }
  const begin = (wake: () => void) => {
    followers.add(wake)
    if (followers.size > 1) return
    const ends = [
      store.onWake("log", (about) => {
        if (about.length === 0 || about.includes(source.expansionId)) lookIn(coalesceMs)
      }),
      ...stateTopics.map((topic) => store.onWake(topic, () => lookIn(stateLookMs))),
    ]
    unsubscribe = () => ends.forEach((end) => end())
  }
  const leave = (wake: () => void) => {
    followers.delete(wake)
    if (followers.size > 0) return
    unsubscribe()
    clearTimeout(timer?.id)
    timer = undefined
    standing = undefined
    failure = undefined
    onIdle()
  }

  async function* follow({
    after,
    tryNumber,
    signal,
  }: Parameters<LogTail["follow"]>[0]): AsyncGenerator<TailPart> {
    const bell = makeBell()
    begin(bell.ring)
    try {
      for (let position = after; !signal.aborted;) {
        const seen = bell.rings()
        const known = standing
        const rows = kept.after(position) ?? (await readLines(store, source, position))
        position = rows.at(-1)?.id ?? position
        const fitting = rows.filter((row) => tryNumber === 0 || row.tryNumber === tryNumber)
        if (fitting.length > 0) yield { type: "lines", rows: fitting }
        if (rows.length > 0) continue
        if (failure !== undefined) throw failure
        if (known !== undefined && isOver(known, tryNumber)) {
          yield { type: "end", state: known.state }
          return
        }
        if (kept.beginAfter(position)) lookIn(0)
        if (!(await bell.next(seen, { signal, timeoutMs: silenceMs })) && standing !== undefined)
          yield { type: "waiting", state: standing.state }
      }
    } finally {
      leave(bell.ring)
    }
  }
  return { follow }
}

/** Whether nothing more will be logged by an attempt (0: by any). */
function isOver({ state, tryNumber, isTaskOver }: Standing, asked: number): boolean {
  if (isTaskOver || (state !== null && state !== "running" && isEndedState(state))) return true
  if (asked === 0) return false
  return tryNumber > asked || (tryNumber === asked && state === "up_for_retry")
}

async function standingOf(store: StoreService, { expansionId, mapIndex }: LogSource): Promise<Standing> {
  const { state } = await Effect.runPromise(store.progress(expansionId))
  const isTaskOver = isFinalExpansionState(state)
  const [view] = await Effect.runPromise(
    store.listTaskInstances({ expansionId, afterIndex: mapIndex - 1, limit: 1 }),
  )
  return view?.mapIndex === mapIndex
    ? { state: view.state, tryNumber: view.tryNumber, isTaskOver }
    : { state: null, tryNumber: 0, isTaskOver }
}

function readLines(store: StoreService, source: LogSource, after: string | null): Promise<readonly LogRow[]> {
  return Effect.runPromise(store.readLogs({ ...source, after, limit: linesPerRead }))
}

/** The newest lines of a log, without a hole after some line. */
function makeKeptLines() {
  let rows: LogRow[] = []
  let characters = 0
  /** Everything after this line is kept; undefined: nothing was read yet. */
  let from: number | undefined
  return {
    hasBegun: () => from !== undefined,
    /** Begins after a line, unless it has begun; says whether it did. */
    beginAfter: (position: string | null): boolean => {
      if (from !== undefined) return false
      from = Number(position ?? 0)
      return true
    },
    last: (): string => rows.at(-1)?.id ?? String(from ?? 0),
    add: (more: readonly LogRow[]) => {
      rows.push(...more)
      for (const row of more) characters += sizeOf(row)
      let dropped = 0
      for (const row of rows) {
        if (rows.length - dropped <= tailLinesMax && characters <= tailCharactersMax) break
        characters -= sizeOf(row)
        from = Number(row.id)
        dropped += 1
      }
      if (dropped > 0) rows = rows.slice(dropped)
    },
    /** The lines after one; null: they are not all kept. */
    after: (position: string | null): readonly LogRow[] | null => {
      const at = Number(position ?? 0)
      if (from === undefined || at < from) return null
      return rows.slice(rows.findLastIndex((row) => Number(row.id) <= at) + 1)
    },
  }
}

function sizeOf({ message, fields }: LogRow): number {
  return message.length + (fields === null ? 0 : JSON.stringify(fields).length)
}

/** Lets one wait for the next ring without losing one. */
function makeBell() {
  let rings = 0
  let wake = () => {}
  return {
    rings: () => rings,
    ring: () => {
      rings += 1
      wake()
    },
    /** Whether it rang since `seen`, or does within the time. A signal that is aborted counts as a ring. */
    next: (seen: number, { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number }) =>
      new Promise<boolean>((resolve) => {
        const end = (isRung: boolean) => {
          clearTimeout(timer)
          signal.removeEventListener("abort", onAbort)
          wake = () => {}
          resolve(isRung)
        }
        const onAbort = () => end(true)
        const timer = setTimeout(() => end(false), timeoutMs)
        wake = () => end(true)
        signal.addEventListener("abort", onAbort, { once: true })
        if (rings !== seen || signal.aborted) end(true)
      }),
  }
}

/**
 * What many clients watch, read once for all of them.
 *
 * A feed reads its subject when a wake-up says that something may have happened, at most once in a while, and tells each
 * subscriber what differs from before. A subscriber that is slow gets less, never something wrong: what it has not
 * taken is replaced by what came later, so it holds at most one value for each thing that is watched. Nobody watches:
 * nothing is read.
 */
import { createHash } from "node:crypto"
import type { StoreService, WakeupTopic } from "@sluice/core/store"
import { untilWoken } from "../instances/until-woken.ts"

/** One thing that is watched, as it stands: the name of its event, and JSON. */
export interface FeedItem {
  readonly event: string
  readonly data: string
}

/** Everything that is watched, by a name of its own. */
export interface Snapshot {
  readonly items: ReadonlyMap<string, FeedItem>
  /** Nothing will change any more. */
  readonly isEnd: boolean
}

/** Some changes, and what stands then: with this id a client may come back. */
export interface Changes {
  readonly items: readonly FeedItem[]
  readonly id: string
  readonly isEnd: boolean
}

/** A subject that is watched. */
export interface Feed {
  /** Tells all that stands, unless the client has seen just that, and then what changes; null: nothing for a while. */
  readonly subscribe: (lastId: string | undefined, signal: AbortSignal) => AsyncGenerator<Changes | null>
}

/** What a feed is made of. */
export interface FeedOptions {
  readonly store: Pick<StoreService, "onWake">
  /** Aborted when the server closes. */
  readonly closing: AbortSignal
  readonly read: () => Promise<Snapshot>
  readonly topics: readonly WakeupTopic[]
  /** The least time between two reads. */
  readonly coalesceMs: number
  /** How long is waited for a wake-up that may have been lost. */
  readonly pollMs: number
  /** How long a subscriber may hear nothing. */
  readonly silenceMs: number
  /** Told when the last subscriber has gone. */
  readonly onIdle: () => void
}

interface Subscriber {
  readonly pending: Map<string, FeedItem>
  id: string
  isEnd: boolean
  error: unknown
  wake: () => void
}

/** Makes a feed that nobody watches yet. */
export function makeFeed(options: FeedOptions): Feed {
  const subscribers = new Set<Subscriber>()
  let known: Snapshot & { readonly id: string } = { items: new Map(), isEnd: false, id: "" }
  let first: Promise<void> | undefined

  const look = async () => {
    const seen = await options.read()
    const changed = [...seen.items].filter(([key, item]) => known.items.get(key)?.data !== item.data)
    known = { ...seen, id: idOf(seen.items) }
    for (const subscriber of subscribers) {
      for (const [key, item] of changed) subscriber.pending.set(key, item)
      if (changed.length > 0 || known.isEnd) tell(subscriber)
    }
  }
  const tell = (subscriber: Subscriber) => {
    subscriber.id = known.id
    subscriber.isEnd = known.isEnd
    subscriber.wake()
  }
  const watch = async () => {
    try {
      const { store, closing, topics, pollMs, coalesceMs } = options
      while (subscribers.size > 0 && !known.isEnd && !closing.aborted) {
        await untilWoken(store, { topics, timeoutMs: pollMs, signal: closing })
        await untilWoken(store, { topics: [], timeoutMs: coalesceMs, signal: closing })
        if (subscribers.size > 0) await look()
      }
    } catch (error) {
      for (const subscriber of subscribers) {
        subscriber.error = error
        subscriber.wake()
      }
    } finally {
      first = undefined
    }
  }
  const begin = () =>
    (first ??= look().then(() => {
      void watch()
    }))

  async function* subscribe(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<Changes | null> {
    const subscriber: Subscriber = { pending: new Map(), id: "", isEnd: false, error: undefined, wake() {} }
    subscribers.add(subscriber)
    try {
      await begin()
      if (known.id === lastId) subscriber.pending.clear()
      else for (const [key, item] of known.items) subscriber.pending.set(key, item)
      tell(subscriber)
      for (;;) {
        if (subscriber.error !== undefined) throw subscriber.error
        const { id, isEnd } = subscriber
        const items = [...subscriber.pending.values()]
        subscriber.pending.clear()
        if (items.length > 0 || isEnd) yield { items, id, isEnd }
        if (isEnd || signal.aborted) return
        if (subscriber.pending.size > 0 || subscriber.isEnd) continue
        if (!(await heard(subscriber, signal))) yield null
      }
    } finally {
      subscribers.delete(subscriber)
      if (subscribers.size === 0) options.onIdle()
    }
  }

  /** Whether the subscriber was woken within its time. */
  const heard = (subscriber: Subscriber, signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      const end = (isHeard: boolean) => {
        clearTimeout(timer)
        signal.removeEventListener("abort", onLeave)
        subscriber.wake = () => {}
        resolve(isHeard)
      }
      const onLeave = () => end(true)
      const timer = setTimeout(() => end(false), options.silenceMs)
      subscriber.wake = () => end(true)
      signal.addEventListener("abort", onLeave, { once: true })
      if (signal.aborted) end(true)
    })

  return { subscribe }
}

/** Two snapshots with the same id are the same. */
function idOf(items: ReadonlyMap<string, FeedItem>): string {
  const hash = createHash("sha256")
  for (const [key, { data }] of items) hash.update(key).update("\n").update(data).update("\n")
  return hash.digest("base64url").slice(0, 22)
}

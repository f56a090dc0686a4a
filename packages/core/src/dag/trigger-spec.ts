import type { Json } from "../json.ts"

/**
 * What a deferred instance waits for, as the database keeps it.
 *
 * All but `user` run in the triggerer itself: no code of an author's is in them. The `args` of a user-defined trigger
 * are text in the value codec's form.
 */
export type TriggerSpec = TimeTrigger | DelayTrigger | RunTrigger | HttpTrigger | FileTrigger | UserTrigger

/** Fires at an instant, in milliseconds since the epoch. */
export interface TimeTrigger {
  readonly kind: "time"
  readonly at: number
}

/** Fires so long after the deferral was recorded, by the database's clock. */
export interface DelayTrigger {
  readonly kind: "delay"
  readonly ms: number
}

/** Fires when a DagRun has ended, or has ended already. */
export interface RunTrigger {
  readonly kind: "run"
  readonly dagId: string
  readonly runId: string
  /** The run is to be made first, by whoever records the deferral; gone once it has been. */
  readonly make?: RunToMake
}

/** What a run that a task asks for is made with. */
export interface RunToMake {
  readonly conf: { readonly [key: string]: Json }
  /** Milliseconds since the epoch. */
  readonly logicalDate: number | null
  /** False: it is made, and not waited for. */
  readonly waits: boolean
}

/** Fires when an HTTP request is answered as wanted. */
export interface HttpTrigger {
  readonly kind: "http"
  readonly url: string
  readonly method: "GET" | "HEAD"
  readonly headers: Readonly<Record<string, string>>
  readonly everyMs: number
  /** The statuses that are wanted; null: any of success (200 to 299). */
  readonly statuses: readonly number[] | null
  /** What the body must hold, where it must hold anything. */
  readonly json: { readonly path: string; readonly equals: Json } | null
}

/** Fires when a file is there, as the triggerer's machine sees it. */
export interface FileTrigger {
  readonly kind: "file"
  readonly path: string
  readonly everyMs: number
}

/** Fires with the first event of an author's generator. */
export interface UserTrigger {
  readonly kind: "user"
  readonly name: string
  /** JSON text in the value codec's form. */
  readonly args: string
}

/** The kinds of triggers that somebody must watch. The others follow from what the database knows by itself. */
export type WatchedTrigger = HttpTrigger | FileTrigger | UserTrigger

/** Names a trigger for people: `httpPoll https://…`, `trigger "approval"`. */
export function triggerName(trigger: TriggerSpec): string {
  switch (trigger.kind) {
    case "time":
      return `at(${new Date(trigger.at).toISOString()})`
    case "delay":
      return `after(${trigger.ms} ms)`
    case "run":
      return `runFinished(${trigger.dagId}, ${trigger.runId})`
    case "http":
      return `httpPoll(${trigger.url})`
    case "file":
      return `fileExists(${trigger.path})`
    case "user":
      return `trigger "${trigger.name}"`
  }
}

/**
 * The one live connection of a tab. It watches the run that is shown, or else all unfinished runs; what it tells is put
 * where the views read it, so no view asks by itself whether something has changed.
 */
import type { DagRun, Expansion } from "@sluice/api/wire"
import type { QueryClient } from "@tanstack/react-query"
import { useSyncExternalStore } from "react"
import { addSample } from "../model/history.ts"
import { isRunOver } from "../model/states.ts"
import { send, Unreachable } from "./client.ts"
import { runKey, type RunName, taskKey } from "./queries.ts"

/** How the connection is. */
export type LiveStatus = "connecting" | "live" | "lost"

/** How long is waited before the next try to connect, at first and at most. */
const retryMs = 500
const retryMsMax = 10_000

/** Lists follow what they list at most so often. */
const listEveryMs = 1_500

/** Silence for longer than this means that the connection is dead: the server says something every fifteen seconds. */
const silenceMsMax = 40_000

let status: LiveStatus = "connecting"
const listeners = new Set<() => void>()

function tell(next: LiveStatus): void {
  if (next === status) return
  status = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** How the connection is, followed as it changes. */
export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(subscribe, () => status)
}

/** Connects until the signal is aborted; `run`: the one that is shown. */
export async function keepLive(client: QueryClient, run: RunName | null, signal: AbortSignal): Promise<void> {
  let failures = 0
  let hasEnded = false
  let lastId: string | undefined
  while (!signal.aborted) {
    // A run that has ended is heard of again, if it goes on, where all unfinished ones are told.
    const watched = run !== null && !hasEnded ? run : null
    const address =
      watched === null
        ? "/events"
        : `/dags/${encodeURIComponent(watched.dagId)}/dagRuns/${encodeURIComponent(watched.runId)}/events`
    try {
      const end = await listen(address, lastId, signal, (event, data, id) => {
        if (failures > 0) {
          failures = 0
          // What happened in between was told to nobody.
          void client.invalidateQueries()
        }
        tell("live")
        if (id !== undefined) lastId = id
        if (event !== null) apply(client, event, data)
        if (watched === null && run !== null && event === "run") {
          const { dag_id, dag_run_id, state } = data as DagRun
          if (
            dag_id === run.dagId &&
            dag_run_id === run.runId &&
            (state === "running" || state === "queued")
          ) {
            hasEnded = false
            return "leave"
          }
        }
        return "stay"
      })
      lastId = undefined
      if (end === "end") hasEnded = true
    } catch (error) {
      if (signal.aborted) return
      failures += 1
      lastId = undefined
      if (error instanceof Unreachable || failures > 1) tell("lost")
      await pause(Math.min(retryMsMax, retryMs * 2 ** Math.min(failures, 6)), signal)
    }
  }
}

type Heard = (event: string | null, data: unknown, id: string | undefined) => "stay" | "leave"

/** Reads one connection to its end. */
async function listen(
  address: string,
  lastId: string | undefined,
  signal: AbortSignal,
  onEvent: Heard,
): Promise<"end" | "left"> {
  const silence = new AbortController()
  let timer = setTimeout(() => silence.abort(), silenceMsMax)
  const both = AbortSignal.any([signal, silence.signal])
  try {
    const response = await send(address, {
      signal: both,
      ...(lastId !== undefined && { headers: { "last-event-id": lastId } }),
    })
    if (response.body === null) throw new Unreachable("The live connection has no body.")
    let rest = ""
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) throw new Unreachable("The live connection was closed.")
        clearTimeout(timer)
        timer = setTimeout(() => silence.abort(), silenceMsMax)
        const blocks = (rest + value).split("\n\n")
        rest = blocks.pop() ?? ""
        for (const block of blocks) {
          const { event, data, id } = parseBlock(block)
          if (event === "end") {
            onEvent(null, null, id)
            return "end"
          }
          if (onEvent(event, data, id) === "leave") return "left"
        }
      }
    } finally {
      await reader.cancel().catch(() => {})
    }
  } catch (error) {
    if (silence.signal.aborted && !signal.aborted) throw new Unreachable("The live connection fell silent.")
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function parseBlock(block: string): { event: string | null; data: unknown; id: string | undefined } {
  let event: string | null = null
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7)
    else if (line.startsWith("data: ")) data.push(line.slice(6))
    else if (line.startsWith("id: ")) id = line.slice(4)
  }
  return { event, data: data.length === 0 ? null : JSON.parse(data.join("\n")), id }
}

/** Puts what was told where the views read it; lists are only said to be out of date. */
function apply(client: QueryClient, event: string, data: unknown): void {
  if (event === "run") applyRun(client, data as DagRun)
  if (event === "expansion") applyExpansion(client, data as Expansion)
}

/** The counters of unfinished runs, which only the feed of all runs tells. */
export interface RunCounters {
  readonly discovered: number
  readonly ended: number
  readonly running: number
  readonly success: number
  readonly failed: number
}

/** A run as the feed of all runs tells it. */
export type LiveRun = DagRun & { readonly instances?: RunCounters }

/** Where the unfinished runs of the live feed stand. */
export const liveRunsKey = ["live-runs"] as const

function applyRun(client: QueryClient, run: LiveRun): void {
  const name = { dagId: run.dag_id, runId: run.dag_run_id }
  client.setQueryData([...runKey(name), "run"], run)
  if (run.instances !== undefined)
    client.setQueryData<Record<string, LiveRun>>(liveRunsKey, (before = {}) => {
      const { [`${run.dag_id}/${run.dag_run_id}`]: _old, ...others } = before
      const isOver = isRunOver(run.state)
      return isOver ? others : { ...others, [`${run.dag_id}/${run.dag_run_id}`]: run }
    })
  soon(client, ["dags", run.dag_id, "run-list"])
  soon(client, ["dags", run.dag_id, "grid"])
  soon(client, ["dags", run.dag_id, "calendar"])
  soon(client, ["dags", "~", "run-list"])
  soon(client, ["dags", "recent"])
}

function applyExpansion(client: QueryClient, expansion: Expansion): void {
  const name = { dagId: expansion.dag_id, runId: expansion.dag_run_id, taskId: expansion.task_id }
  addSample(expansion)
  client.setQueryData<{ expansions: Expansion[]; total_entries: number }>(
    [...runKey(name), "expansions"],
    (before) =>
      before && {
        ...before,
        expansions: before.expansions.map((old) => (old.task_id === expansion.task_id ? expansion : old)),
      },
  )
  soon(client, taskKey(name))
}

const due = new Map<string, ReturnType<typeof setTimeout>>()

/** Says that what stands below a key is out of date, once for all that is told within a moment. */
function soon(client: QueryClient, key: readonly unknown[]): void {
  const name = JSON.stringify(key)
  if (due.has(name)) return
  due.set(
    name,
    setTimeout(() => {
      due.delete(name)
      // What is being read already is read to its end: begun anew each time, a slow answer would never come.
      void client.invalidateQueries({ queryKey: key }, { cancelRefetch: false })
    }, listEveryMs),
  )
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      removeEventListener("online", end)
      signal.removeEventListener("abort", end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    addEventListener("online", end, { once: true })
    signal.addEventListener("abort", end, { once: true })
  })
}

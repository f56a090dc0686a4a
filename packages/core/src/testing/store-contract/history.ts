import { Effect } from "effect"
import { expect } from "vitest"
import type { Lease } from "../../store/lease-store.ts"
import type { RedrivableState } from "../../store/redrive-store.ts"
import type { StoreHarness } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import {
  type OpenMap,
  claimOptions,
  indexesOf,
  leaseMs,
  leaseSeconds,
  openMap,
  deferred,
  page,
  retried,
  runner,
  statesOf,
} from "./world.ts"

/** A lease as its worker knows it. */
export interface HeldLease {
  readonly lease: Lease
  readonly workerId: string
  readonly left: Set<number>
  expiresAt: number
}

/** What a bystander knows of an expansion who saw every call and every answer. */
export interface History {
  readonly world: StoreHarness
  readonly map: OpenMap
  /** The epoch under which the map's stream is pulled now. */
  epoch: number
  readonly concurrency: number | null
  now: number
  created: number
  isExhausted: boolean
  isCancelled: boolean
  isPaused: boolean
  readonly live: Map<string, HeldLease>
  readonly lost: HeldLease[]
  readonly ended: Map<number, EndedState>
  /** Attempts that are not the last, by index: they failed, or are to be run again. */
  readonly tries: Map<number, number>
  /** The attempts that do not count against the retries, by index. */
  readonly bases: Map<number, number>
  /** Places that an upstream left empty: they never run. */
  readonly gaps: Set<number>
  /** Instances that wait for an event, by index; those whose event has come, with it. */
  readonly deferred: Set<number>
  readonly resumed: Map<number, number>
  /** Triggers as they are known, by index. */
  readonly triggers: Map<number, string>
  events: number
}

/** The states in which an instance has ended. */
export type EndedState = "success" | "failed" | "skipped" | "upstream_failed"

/** How an instance ends, or that it goes on running. */
export type Ending = "success" | "failed" | "skipped" | "up_for_retry" | "deferred" | "running"

/** Opens an expansion of which nothing has happened yet. */
export async function beginHistory(
  world: StoreHarness,
  options: { number: number; concurrency: number | null },
): Promise<History> {
  const { number, concurrency } = options
  const map = await openMap(world, { runId: `history-${number}`, task: { concurrency } })
  return {
    world,
    map,
    epoch: map.epoch,
    concurrency,
    now: 0,
    created: 0,
    isExhausted: false,
    isCancelled: false,
    isPaused: false,
    live: new Map(),
    lost: [],
    ended: new Map(),
    tries: new Map(),
    bases: new Map(),
    gaps: new Set(),
    deferred: new Set(),
    resumed: new Map(),
    triggers: new Map(),
    events: 0,
  }
}

/** Commits a page; each item's input is its index. A page after the end, or while cancelled, must be refused. */
export async function commit(
  history: History,
  places: readonly ("item" | "skipped" | "upstream_failed")[],
  exhausted: boolean,
): Promise<void> {
  const { store } = history.world
  const items = places.map((place, i) => (place === "item" ? String(history.created + i) : null))
  const gaps = places.flatMap((place, position) => (place === "item" ? [] : [{ position, state: place }]))
  const call = store.commitPage(page({ ...history.map, epoch: history.epoch, items, gaps, exhausted }))
  if (history.isCancelled || history.isExhausted) {
    expect(await failureOf(call)).toMatchObject({ _tag: "LeaseLost" })
    return
  }
  await runEffect(call)
  for (const { position, state } of gaps) {
    history.ended.set(history.created + position, state)
    history.gaps.add(history.created + position)
  }
  history.created += places.length
  history.isExhausted = exhausted
}

/** Claims for some workers at once. */
export async function claimTogether(
  history: History,
  options: { workers: number; limit: number; size: number },
): Promise<number> {
  const { workers, limit, size } = options
  const calls = Array.from({ length: workers }, async (_, i) => {
    const workerId = `worker-${i}`
    const asked = claimOptions({ workerId, limit, sizeDefault: size })
    return { workerId, leases: (await runEffect(history.world.store.claim(asked))).leases }
  })
  const answers = await Promise.all(calls)
  for (const { workerId, leases } of answers) {
    expect(leases.length).toBeLessThanOrEqual(limit)
    for (const lease of leases) noteLease(history, workerId, lease)
  }
  return answers.flatMap(({ leases }) => leases).length
}

/** A lease is news only of instances that nobody holds and that have not ended; it brings each its own input. */
function noteLease(history: History, workerId: string, lease: Lease): void {
  expect(lease.expansionId).toBe(history.map.expansionId)
  expect(history.isCancelled || history.isPaused).toBe(false)
  const left = new Set(indexesOf(lease))
  expect(left.size).toBe(lease.remaining)
  expect(left.size).toBeGreaterThan(0)
  const inputs = JSON.parse(lease.items!) as unknown[]
  for (const index of left) {
    expect([...history.live.values()].some((held) => held.left.has(index))).toBe(false)
    expect(history.ended.has(index)).toBe(false)
    expect(lease.tryNumber).toBe((history.tries.get(index) ?? 0) + 1)
    expect(lease.baseTry).toBe(history.bases.get(index) ?? 0)
    const place = lease.indexes?.indexOf(index) ?? index - lease.firstIndex
    expect(inputs[place]).toBe(index)
    expect(history.deferred.has(index)).toBe(false)
    expect(eventOf(lease, place)).toBe(history.resumed.get(index))
  }
  history.live.set(lease.leaseId, { lease, workerId, left, expiresAt: history.now + leaseMs })
}

/** Ends instances of a lease, in the ways given, in turn. */
export async function complete(history: History, held: HeldLease, endings: readonly Ending[]): Promise<void> {
  const ends = [...held.left].map((index, i) => [index, endings[i % endings.length]!] as const)
  const ending = (kind: Ending) => ends.filter(([, end]) => end === kind).map(([index]) => index)
  if (ending("running").length === ends.length) return
  const done = await runEffect(completion(history, held, ends))
  for (const [index, end] of ends) if (end !== "running") noteEnd(history, held, index, end)
  held.expiresAt = history.now + leaseMs
  expect(done.remaining).toBe(held.left.size)
  if (held.left.size === 0) history.live.delete(held.lease.leaseId)
}

function noteEnd(history: History, held: HeldLease, index: number, end: Exclude<Ending, "running">): void {
  held.left.delete(index)
  history.resumed.delete(index)
  history.triggers.delete(index)
  if (end === "deferred") history.deferred.add(index)
  else if (end === "up_for_retry") history.tries.set(index, (history.tries.get(index) ?? 0) + 1)
  else history.ended.set(index, end)
}

function completion(history: History, held: HeldLease, ends: readonly (readonly [number, Ending])[]) {
  const indexes = ends.filter(([, end]) => end === "success").map(([index]) => index)
  const exceptions = ends.flatMap(([index, end]) =>
    end === "success" || end === "running"
      ? []
      : [end === "deferred" ? deferred(index) : { ...retried(index), state: end }],
  )
  const isWhole = indexes.length === held.lease.count && !held.lease.isRetry
  return history.world.store.complete({
    workerId: held.workerId,
    leaseId: held.lease.leaseId,
    isRetry: held.lease.isRetry,
    remainingBefore: held.left.size,
    indexes: isWhole ? null : indexes,
    values: JSON.stringify(indexes.map((index) => `r${index}`)),
    timings: null,
    exceptions,
    xcoms: [],
    assetEvents: [],
    leaseSeconds,
  })
}

/** A worker that comes back with a lease it has lost must be refused, whatever it says. */
export async function completeLost(history: History, held: HeldLease): Promise<void> {
  const ends = [...held.left].map((index) => [index, "success"] as const)
  expect(await failureOf(completion(history, held, ends))).toMatchObject({ _tag: "LeaseLost" })
}

/** Gives a lease back. */
export async function release(history: History, held: HeldLease, split: boolean): Promise<void> {
  const { workerId, lease } = held
  await runEffect(history.world.store.release({ workerId, leaseId: lease.leaseId, split }))
  lose(history, held)
}

/** The number of the event that an instance of a lease goes on with; undefined: it starts at the beginning. */
function eventOf({ resumes }: Lease, place: number): number | undefined {
  const resume = resumes?.[place] ?? null
  return resume === null ? undefined : (JSON.parse(resume) as { event: number }).event
}

/** Events come for what is waited for, each twice; none in a cancelled run. */
export async function fire(history: History, limit: number): Promise<void> {
  const { store } = history.world
  const call = { triggererId: "triggerer", capacity: 1000, leaseSeconds }
  for (const { triggerId, mapIndex } of await runEffect(store.leaseTriggers(call))) {
    expect(history.deferred.has(mapIndex)).toBe(true)
    history.triggers.set(mapIndex, triggerId)
  }
  for (const index of [...history.deferred].slice(0, limit)) {
    const triggerId = history.triggers.get(index)
    if (triggerId === undefined) continue
    history.events += 1
    const events = [{ triggerId, event: String(history.events) }]
    const fired = [
      await runEffect(store.fireTriggers({ events })),
      await runEffect(store.fireTriggers({ events })),
    ]
    expect(fired).toEqual(history.isCancelled ? [[], []] : [[triggerId], []])
    if (history.isCancelled) continue
    history.deferred.delete(index)
    history.resumed.set(index, history.events)
  }
}

/** Lets time pass. */
export async function elapse(history: History, ms: number): Promise<void> {
  history.now += ms
  await history.world.elapse(ms)
}

/** Rescues what has expired. */
export async function rescue(history: History): Promise<void> {
  const expired = [...history.live.values()].filter((held) => held.expiresAt < history.now)
  expect(await runEffect(history.world.store.rescue({ limit: 1000 }))).toBe(expired.length)
  for (const held of expired) lose(history, held)
}

/** Takes back what has ended so, among the first instances. */
export async function redrive(
  history: History,
  { states, below }: { states: readonly RedrivableState[]; below: number },
): Promise<void> {
  const indexes = Array.from({ length: below }, (_, index) => index)
  const isTaken = (index: number) =>
    !history.isCancelled &&
    !history.gaps.has(index) &&
    (states as readonly string[]).includes(history.ended.get(index) ?? "")
  const expected = indexes.filter(isTaken)
  const call = history.world.store.redriveInstances({
    expansionId: history.map.expansionId,
    indexes,
    states,
    followers: [],
    actor: "ada",
    event: "redriven",
  })
  expect(await runEffect(call)).toEqual(expected)
  for (const index of expected) {
    const tries = (history.tries.get(index) ?? 0) + 1
    history.ended.delete(index)
    history.tries.set(index, tries)
    history.bases.set(index, tries)
  }
}

/** Cancels the run: every lease is lost. */
export async function cancel(history: History): Promise<void> {
  const call = history.world.store.cancelDagRun({
    dagRunId: history.map.dagRunId,
    note: "step",
    actor: "tester",
  })
  expect(await runEffect(call)).toBe(!history.isCancelled)
  history.isCancelled = true
  for (const held of [...history.live.values()]) lose(history, held)
}

/** Takes the run up again. */
export async function resume(history: History): Promise<void> {
  const call = history.world.store.resumeDagRun({ dagRunId: history.map.dagRunId, actor: "tester" })
  expect(await runEffect(call)).toBe(history.isCancelled)
  history.isCancelled = false
  // The cancel has ended the runner's right, if the stream is still open.
  const leases = history.world.store.leaseExpansions({ runnerId: runner, limit: 10, leaseSeconds })
  for (const { expansionId, epoch } of await runEffect(leases)) {
    if (expansionId === history.map.expansionId) history.epoch = epoch
  }
}

/** Pauses or resumes the running of instances; a cancelled map has nothing to pause. */
export async function pause(history: History, isPaused: boolean): Promise<void> {
  const { world, map } = history
  const change = { isRunningPaused: isPaused }
  const call = world.store.changeMap({ expansionId: map.expansionId, actor: "tester", change })
  if (history.isCancelled) {
    expect(await failureOf(call)).toMatchObject({ _tag: "NotAllowed" })
    return
  }
  expect(await runEffect(call)).toBe(history.isPaused !== isPaused)
  history.isPaused = isPaused
}

function lose(history: History, held: HeldLease): void {
  history.live.delete(held.lease.leaseId)
  history.lost.push(held)
}

/** Whatever happened: goes on to the end, as a healthy engine would. */
export async function finishHistory(history: History): Promise<void> {
  if (history.isCancelled) await resume(history)
  if (history.isPaused) await pause(history, false)
  if (!history.isExhausted) await commit(history, [], true)
  for (let round = 0; history.ended.size < history.created; round++) {
    // Each round ends at least one instance, or moves past a range of gaps.
    expect(round).toBeLessThanOrEqual(2 * history.created + 3)
    await fire(history, history.created)
    await elapse(history, leaseMs + 1500)
    await rescue(history)
    await claimTogether(history, { workers: 1, limit: 100, size: 100 })
    for (const held of [...history.live.values()]) await complete(history, held, ["success"])
  }
}

/** What can be read of the expansion is what happened to it. */
export async function expectAddsUp(history: History): Promise<void> {
  const { store } = history.world
  const [view, states] = await Promise.all([history.map.view(), statesOf(store, history.map.expansionId)])
  expect(states).toEqual(expectedStates(history))
  const count = (state: string) => Object.values(states).filter((other) => other === state).length
  expect(view).toMatchObject({
    created: history.created,
    exhausted: history.isExhausted,
    running: count("running"),
    retrying:
      [...history.resumed.keys()].filter((index) => states[index] === "scheduled").length +
      count("up_for_retry"),
    deferred: history.deferred.size,
    success: count("success"),
    failed: count("failed"),
    skipped: count("skipped"),
    upstreamFailed: count("upstream_failed"),
  })
  if (history.concurrency !== null) expect(view.running).toBeLessThanOrEqual(history.concurrency)
  const progress = await runEffect(store.progress(history.map.expansionId))
  expect(progress).toMatchObject({ created: history.created, finished: history.ended.size })
  await expectReads(history)
}

function expectedStates(history: History): Record<number, string> {
  const running = new Set([...history.live.values()].flatMap(({ left }) => [...left]))
  const stateOf = (index: number) => {
    if (running.has(index)) return "running"
    if (history.deferred.has(index)) return "deferred"
    if (history.resumed.has(index)) return "scheduled"
    return history.ended.get(index) ?? (history.tries.has(index) ? "up_for_retry" : "scheduled")
  }
  return Object.fromEntries(Array.from({ length: history.created }, (_, index) => [index, stateOf(index)]))
}

/** The stream is read as far as it has no hole, with each result at its index. */
async function expectReads(history: History): Promise<void> {
  const { ended, map, world } = history
  const expected: unknown[] = []
  for (let index = 0; ended.has(index); index++) {
    const state = ended.get(index)
    const gap = { gap: state === "skipped" ? "skipped" : "upstream_failed" }
    expected.push(state === "success" ? `r${index}` : gap)
  }
  const read = world.store.readStream({ expansionId: map.expansionId, fromIndex: 0, limit: 1000 })
  const decoded = read.pipe(
    Effect.map(({ items }) => items.map((item) => (typeof item === "string" ? JSON.parse(item) : item))),
  )
  expect(await runEffect(decoded)).toEqual(expected)
}

import type { DagSpec, LoopSpec, SourceSpec } from "./dag-spec.ts"
import { hashOf } from "./random.ts"

/** Tries that every task has beyond those its own failures need: what host deaths may cost it. */
export const sparedTries = 3

/** The tries of every task, and of every page of a source. */
export const retriesOfAll = 2 + sparedTries

/** What the code of an instance does. It follows from the task and its input, never from when or where it runs. */
export type Deed =
  | { readonly does: "succeed" | "skip" | "failForGood" | "failAlways" | "killHost" }
  | { readonly does: "failFirst"; readonly tries: number }

/** Says what the code of an instance does with its input. */
export function deedOf(spec: DagSpec, taskId: string, input: unknown): Deed {
  const hash = hashOf(`deed ${taskId} ${textOf(input)}`)
  if (hash % 100 >= spec.troublePercent) return { does: "succeed" }
  const kind = Math.floor(hash / 100) % 20
  if (kind < 5) return { does: "skip" }
  if (kind < 8) return { does: "failForGood" }
  if (kind < 10) return { does: "failAlways" }
  if (kind < 11) return { does: "killHost" }
  return { does: "failFirst", tries: 1 + (kind % 2) }
}

/** What an instance waits for without a slot, before it does its deed. */
export interface NapSpec {
  readonly by: "timer" | "trigger"
  readonly ms: number
  /** The first try may meet a trigger that never fires, fails, or takes longer than is waited. */
  readonly comes: "event" | "nothing" | "error" | "late"
  /** What the event is. */
  readonly event: number
}

/** Says what an instance waits for, one after the other. A failing one costs a try, so only where nothing else does. */
export function napsOf(spec: DagSpec, taskId: string, input: unknown, tryNumber: number): readonly NapSpec[] {
  const hash = hashOf(`naps ${taskId} ${textOf(input)}`)
  if (hash % 100 >= spec.deferPercent) return []
  const maySpendTry = tryNumber === 1 && deedOf(spec, taskId, input).does === "succeed"
  return Array.from({ length: 1 + (Math.floor(hash / 100) % 3) }, (_, leg): NapSpec => {
    const own = hashOf(`nap ${hash} ${leg}`)
    const isTimer = own % 2 === 0
    const isLong = own % 11 === 0
    const trouble = maySpendTry && (own >>> 4) % 6 === 0
    const comes = trouble ? (["nothing", "error", "late"] as const)[(own >>> 8) % 3] : undefined
    return {
      by: isTimer && comes === undefined ? "timer" : "trigger",
      ms: (own >>> 12) % (isLong ? 4_000 : 300),
      comes: comes ?? "event",
      event: own,
    }
  })
}

/** How long an instance takes in virtual milliseconds: mostly little, sometimes as long as may be. */
export function durationOf(spec: DagSpec, taskId: string, input: unknown): number {
  const hash = hashOf(`duration ${taskId} ${textOf(input)}`)
  const share = hash % 10 < 8 ? 0.2 : 1
  return ((hash >>> 8) % 1000) * 0.001 * share * spec.instanceMsMax
}

/** What an instance returns. */
export function resultOf(taskId: string, input: unknown): string {
  const text = textOf(input)
  return text.length <= 60 ? `${taskId}(${text})` : `${taskId}(#${hashOf(text).toString(16)})`
}

/** The key of an item, where there are so many different ones at most. */
export function keyOf(item: unknown, keys: number): string {
  return `k${hashOf(`key ${textOf(item)}`) % keys}`
}

/** What an unmapped task returns. */
export function listOf(taskId: string, length: number, taken: unknown): string[] {
  const of = hashOf(textOf(taken)).toString(16)
  return Array.from({ length }, (_, at) => `${taskId}[${at}]${of}`)
}

/** What a loop begins with that takes nothing. */
export function startOf({ id }: LoopSpec): string {
  return `${id}#start`
}

/** The items of a page of a source. */
export function sourceItems(source: SourceSpec, page: number): string[] {
  const before = source.pages.slice(0, page).reduce((sum, length) => sum + length, 0)
  return Array.from({ length: source.pages[page] ?? 0 }, (_, at) => `${source.id}#${before + at}`)
}

/** A value as text, to tell it from others. */
export function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "nothing"
}

/** The functions that the operators of a pipeline are given. */
export const pipelineFunctions = {
  map: (item: unknown): unknown => `m${hashOf(textOf(item)).toString(16)}`,
  filter:
    (count: number) =>
    (item: unknown): boolean =>
      hashOf(textOf(item)) % 7 >= count % 4,
  takeWhile:
    (count: number) =>
    (item: unknown): boolean =>
      hashOf(textOf(item)) % 11 >= count % 3,
  flatMap:
    (count: number) =>
    (item: unknown): unknown[] =>
      Array.from({ length: hashOf(textOf(item)) % (1 + (count % 4)) }, (_, at) => `${textOf(item)}.${at}`),
}

import {
  Ban,
  Check,
  CircleDashed,
  CircleSlash,
  Clock,
  Hourglass,
  LoaderCircle,
  PauseCircle,
  RotateCw,
  SkipForward,
  X,
} from "lucide-react"
import type { Expansion } from "@sluice/api/wire"
import { count } from "../model/format.ts"
import { type BarState, barStates, expansionLabel, fillOf, inkOf, lookOf } from "../model/states.ts"

const icons: Readonly<Record<string, typeof Check>> = {
  success: Check,
  failed: X,
  running: LoaderCircle,
  open: LoaderCircle,
  draining: LoaderCircle,
  restarting: LoaderCircle,
  up_for_retry: RotateCw,
  up_for_reschedule: RotateCw,
  deferred: Hourglass,
  skipped: SkipForward,
  upstream_failed: CircleSlash,
  cancelled: Ban,
  queued: Clock,
  scheduled: Clock,
  paused: PauseCircle,
}

/** A state's sign: a shape of its own for each, so that colour never says it alone. */
export function StateIcon({ state, size = 14 }: { readonly state: string | null; readonly size?: number }) {
  const Icon = icons[state ?? "none"] ?? CircleDashed
  return (
    <Icon size={size} strokeWidth={2.5} style={{ color: inkOf(state) }} aria-hidden className="shrink-0" />
  )
}

/** A state by sign and word. */
export function State({ state, label }: { readonly state: string | null; readonly label?: string }) {
  return (
    <span
      className="inline-flex items-center gap-1.5 font-medium whitespace-nowrap"
      style={{ color: inkOf(state) }}
    >
      <StateIcon state={state} />
      {label ?? lookOf(state).label}
    </span>
  )
}

/** The state of a task of a run, as it is steered. */
export function ExpansionStateBadge({ expansion }: { readonly expansion: Expansion }) {
  const label = expansionLabel(expansion)
  const isPaused = label.includes("paused")
  return (
    <span
      className="inline-flex items-center gap-1.5 font-medium whitespace-nowrap"
      style={{ color: isPaused ? "var(--s-retry)" : inkOf(expansion.state) }}
    >
      {isPaused ? <PauseCircle size={14} aria-hidden /> : <StateIcon state={expansion.state} />}
      {label}
    </span>
  )
}

/** How the instances of something are, by state. */
export type Mix = Readonly<Partial<Record<BarState, number>>>

/** What a mix says in words. */
export function wordsOfMix(mix: Mix): string {
  const parts = barStates.flatMap((state) => {
    const n = mix[state] ?? 0
    return n === 0 ? [] : [`${count(n)} ${lookOf(state).label}`]
  })
  return parts.length === 0 ? "nothing yet" : parts.join(", ")
}

/** A bar of the states of instances. An unknown total leaves its end open. */
export function StateBar({
  mix,
  isOpen = false,
  height = 8,
}: {
  readonly mix: Mix
  readonly isOpen?: boolean
  readonly height?: number
}) {
  const parts = barStates.map((state) => ({ state, n: mix[state] ?? 0 })).filter(({ n }) => n > 0)
  return (
    <div
      role="img"
      aria-label={wordsOfMix(mix) + (isOpen ? ", and more to come" : "")}
      title={wordsOfMix(mix)}
      className={`flex w-full min-w-8 gap-px overflow-hidden rounded-sm bg-sunken ${isOpen ? "[mask-image:linear-gradient(to_right,black_calc(100%-14px),transparent)]" : ""}`}
      style={{ height }}
    >
      {parts.map(({ state, n }) => (
        <div key={state} style={{ flexGrow: n, minWidth: 2, background: fillOf(state) }} />
      ))}
    </div>
  )
}

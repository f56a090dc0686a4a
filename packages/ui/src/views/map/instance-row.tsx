import type { TaskInstance } from "@sluice/api/wire"
import { Link } from "@tanstack/react-router"
import type { TaskName } from "../../api/queries.ts"
import { useNow } from "../../components/clock.ts"
import { State } from "../../components/state.tsx"
import { Time } from "../../components/time.tsx"
import { between, count } from "../../model/format.ts"

const columns =
  "grid grid-cols-[56px_minmax(0,1fr)_110px] sm:grid-cols-[64px_minmax(0,1.2fr)_140px_40px_120px_84px] lg:grid-cols-[64px_minmax(0,1fr)_140px_40px_140px_90px_minmax(0,1.4fr)] gap-x-3 items-center flex-1 min-w-0 pr-3"

/** The states from which an instance can be run again. */
export const redrivable = ["failed", "skipped", "success"] as const

/** Whether an instance can be run again. */
export function isRedrivable({ state }: TaskInstance): boolean {
  return (redrivable as readonly (string | null)[]).includes(state)
}

/** Which rows are ticked, and how that changes; with `isRange` all from the one ticked before. */
export interface Ticks {
  readonly ticked: ReadonlySet<number>
  readonly tick: (index: number, isRange: boolean) => void
}

/** The names of the columns, and a box for all rows that are there. */
export function InstanceHead({
  isAll,
  isSome,
  onAll,
}: {
  readonly isAll: boolean
  readonly isSome: boolean
  readonly onAll: (isOn: boolean) => void
}) {
  return (
    <div className="flex h-8 items-center border-b border-line">
      <TickBox
        label="Tick all that are loaded and have ended"
        isOn={isAll}
        isSome={isSome && !isAll}
        onChange={onAll}
      />
      <div className={`${columns} eyebrow`} aria-hidden>
        <span className="num">Index</span>
        <span>Item</span>
        <span>State</span>
        <span className="num hidden sm:block">Try</span>
        <span className="hidden sm:block">Started</span>
        <span className="num hidden sm:block">Took</span>
        <span className="hidden lg:block">Error</span>
      </div>
    </div>
  )
}

function TickBox({
  label,
  isOn,
  isSome = false,
  onChange,
}: {
  readonly label: string
  readonly isOn: boolean
  readonly isSome?: boolean
  readonly onChange: (isOn: boolean, isRange: boolean) => void
}) {
  return (
    <label className="flex h-full w-10 shrink-0 cursor-pointer items-center justify-center">
      <input
        type="checkbox"
        aria-label={label}
        className="size-3.5 accent-(--accent-fill)"
        checked={isOn}
        ref={(box) => {
          if (box !== null) box.indeterminate = isSome
        }}
        onChange={(event) => onChange(event.target.checked, (event.nativeEvent as PointerEvent).shiftKey)}
      />
    </label>
  )
}

/** An instance in the list; without one its place, while it is read. */
export function InstanceRow({
  name,
  index,
  instance,
  isCurrent,
  ticks,
}: {
  readonly name: TaskName
  readonly index: number | null
  readonly instance: TaskInstance | undefined
  readonly isCurrent: boolean
  readonly ticks: Ticks
}) {
  const now = useNow()
  if (instance === undefined)
    return (
      <div className="flex h-full items-center border-b border-line">
        <span className="w-10 shrink-0" />
        <div className={columns}>
          <span className="num text-muted">{index === null ? "" : count(index)}</span>
          <div className="skeleton h-3 w-3/4" />
        </div>
      </div>
    )
  const isTicked = ticks.ticked.has(instance.map_index)
  return (
    <div
      className={`flex h-full items-center border-b border-line hover:bg-sunken ${isCurrent || isTicked ? "bg-accent-wash" : ""}`}
    >
      {isRedrivable(instance) ? (
        <TickBox
          label={`Tick ${instance.map_index}`}
          isOn={isTicked}
          onChange={(_isOn, isRange) => ticks.tick(instance.map_index, isRange)}
        />
      ) : (
        <span className="w-10 shrink-0" />
      )}
      <Link
        to="/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex"
        params={{ ...name, mapIndex: String(instance.map_index) }}
        data-index={instance.map_index}
        className={`${columns} h-full focus-visible:-outline-offset-2`}
      >
        <span className="num text-muted">{count(instance.map_index)}</span>
        <span className="truncate">
          {instance.rendered_map_index !== String(instance.map_index) && instance.rendered_map_index}
          {instance.key !== null && (
            <span className="ml-2 hidden font-mono text-xs text-muted sm:inline">{instance.key}</span>
          )}
        </span>
        <State state={instance.state} />
        <span className="num hidden text-muted sm:block">{instance.try_number || ""}</span>
        <span className="hidden text-muted sm:block">
          {instance.start_date !== null && <Time at={instance.start_date} />}
        </span>
        <span className="num hidden whitespace-nowrap text-muted sm:block">
          {instance.start_date === null ? "" : between(instance.start_date, instance.end_date, now)}
        </span>
        <span className="hidden truncate text-danger lg:block">
          {instance.error !== null && (
            <>
              <span className="font-mono text-xs">{instance.error.type}</span> {instance.error.message}
            </>
          )}
        </span>
      </Link>
    </div>
  )
}

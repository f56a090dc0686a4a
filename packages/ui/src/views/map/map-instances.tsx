import type { Expansion, TaskInstance } from "@sluice/api/wire"
import { useInfiniteQuery, useQueries } from "@tanstack/react-query"
import { useSearch } from "@tanstack/react-router"
import { RotateCw } from "lucide-react"
import { useCallback, useEffect, useRef, useState } from "react"
import { ApiProblem } from "../../api/client.ts"
import {
  type InstanceFilter,
  instanceListQuery,
  instanceSliceQuery,
  instancesPageSize,
  type TaskName,
} from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { Empty, Problem, Skeleton } from "../../components/feedback.tsx"
import { FixedRows, type RowsHandle } from "../../components/fixed-rows.tsx"
import { useKeys } from "../../components/keys.ts"
import { notify } from "../../components/notices.tsx"
import { Panel } from "../../components/page.tsx"
import { useDenied } from "../../components/role.ts"
import { count } from "../../model/format.ts"
import { InstanceFilters, noWish, useInstanceWish, useSetWish } from "./instance-filters.tsx"
import { InstanceHead, InstanceRow, isRedrivable, type Ticks } from "./instance-row.tsx"
import { RedriveDialog } from "./redrive-dialog.tsx"

const rowHeight = 34
const listHeight = "min(62vh, 640px)"

/** The most instances that are run again by their indexes: as many as the API takes. */
const tickedMax = 1_000

/** Pages without any instance that fits are passed over by themselves; past so many, it is asked whether to look on. */
const emptyPagesMax = 5

/** The instances of a map: all of them by index, or those that fit what is asked; ticked ones are run again. */
export function MapInstances({
  name,
  expansion,
}: {
  readonly name: TaskName
  readonly expansion: Expansion
}) {
  const { at } = useSearch({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId" })
  const { states, key, label, error, errorClass, from, to } = useInstanceWish()
  const isFiltered = states.length > 0 || [key, label, error, errorClass].some((asked) => asked !== undefined)
  // The rows that are loaded: what a tick on all, or up to another one, is about.
  const [loaded, setLoaded] = useState<readonly TaskInstance[]>([])
  const { ticks, setAll, clear } = useTicks(loaded)
  const [isRedriving, setRedriving] = useState(false)
  const ended = loaded.filter(isRedrivable)
  const on = ended.filter(({ map_index }) => ticks.ticked.has(map_index))
  return (
    <Panel>
      <InstanceFilters expansion={expansion} />
      {ticks.ticked.size > 0 && (
        <TickedBar n={ticks.ticked.size} onRedrive={() => setRedriving(true)} onClear={clear} />
      )}
      <InstanceHead
        isAll={ended.length > 0 && on.length === ended.length}
        isSome={on.length > 0}
        onAll={setAll}
      />
      {isFiltered ? (
        <FilteredList
          name={name}
          filter={{ state: states.length > 0 ? states : undefined, key, label, error, errorClass, from, to }}
          ticks={ticks}
          onLoaded={setLoaded}
        />
      ) : (
        <WholeList
          name={name}
          expansion={expansion}
          range={{
            from: Math.min(from ?? 0, Math.max(0, expansion.discovered - 1)),
            to: Math.min(to ?? expansion.discovered, expansion.discovered),
          }}
          at={at}
          ticks={ticks}
          onLoaded={setLoaded}
        />
      )}
      {isRedriving && (
        <RedriveDialog
          name={name}
          expansion={expansion}
          indexes={[...ticks.ticked].sort((a, b) => a - b)}
          onDone={clear}
          onClose={() => setRedriving(false)}
        />
      )}
    </Panel>
  )
}

/** Which instances are ticked: by click, from one to another with Shift, or by `x` on the row that has the focus. */
function useTicks(loaded: readonly TaskInstance[]) {
  const [ticked, setTicked] = useState<ReadonlySet<number>>(new Set())
  const last = useRef<number | null>(null)
  const add = (indexes: readonly number[]) => {
    const next = new Set([...ticked, ...indexes])
    if (next.size > tickedMax) notify(`At most ${count(tickedMax)} instances are run again by ticks.`, true)
    else setTicked(next)
  }
  const tick = (index: number, isRange: boolean) => {
    const before = last.current
    last.current = index
    if (isRange && before !== null) {
      const [from, to] = before < index ? [before, index] : [index, before]
      add(
        loaded
          .filter((one) => isRedrivable(one) && one.map_index >= from && one.map_index <= to)
          .map(({ map_index }) => map_index),
      )
    } else if (ticked.has(index)) setTicked(new Set([...ticked].filter((one) => one !== index)))
    else add([index])
  }
  useKeys({
    x: () => {
      const row = document.activeElement?.closest("[data-row]")?.querySelector<HTMLElement>("[data-index]")
      const instance = loaded.find(({ map_index }) => String(map_index) === row?.dataset["index"])
      if (instance !== undefined && isRedrivable(instance)) tick(instance.map_index, false)
    },
  })
  const clear = () => setTicked(new Set())
  const setAll = (isOn: boolean) => {
    const all = loaded.filter(isRedrivable).map(({ map_index }) => map_index)
    if (isOn) add(all)
    else setTicked(new Set([...ticked].filter((one) => !all.includes(one))))
  }
  const ticks: Ticks = { ticked, tick }
  return { ticks, setAll, clear }
}

function TickedBar({
  n,
  onRedrive,
  onClear,
}: {
  readonly n: number
  readonly onRedrive: () => void
  readonly onClear: () => void
}) {
  const denied = useDenied()("redrive_expansion")
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-2 border-b border-line bg-accent-wash px-3 py-1.5"
    >
      <strong className="text-accent">{count(n)} ticked</strong>
      <Button look="primary" className="h-7 px-2.5" denied={denied} onClick={onRedrive}>
        <RotateCw size={13} aria-hidden /> Run again
      </Button>
      <Button className="h-7 px-2.5" onClick={onClear}>
        Untick
      </Button>
    </div>
  )
}

interface ListProps {
  readonly name: TaskName
  readonly ticks: Ticks
  readonly onLoaded: (instances: readonly TaskInstance[]) => void
}

/** All instances of some indexes: whatever part is in sight is read, and nothing else is kept. */
function WholeList({
  name,
  expansion,
  range: { from, to },
  at,
  ticks,
  onLoaded,
}: ListProps & {
  readonly expansion: Expansion
  readonly range: { readonly from: number; readonly to: number }
  readonly at: number | undefined
}) {
  const list = useRef<RowsHandle>(null)
  const [range, setRange] = useState({ first: 0, end: 40 })
  const onRange = useCallback((first: number, end: number) => setRange({ first, end }), [])
  useEffect(() => {
    if (at !== undefined) list.current?.show(at - from)
  }, [at, from])
  const first = from + range.first
  const firstSlice = Math.floor(first / instancesPageSize)
  const lastSlice = Math.floor(Math.max(first, from + range.end - 1) / instancesPageSize)
  const slices = Array.from({ length: lastSlice - firstSlice + 1 }, (_, place) => firstSlice + place)
  const found = useQueries({
    queries: slices.map((slice) => instanceSliceQuery(name, slice * instancesPageSize - 1)),
  })
  const instanceAt = (index: number) => {
    const slice = found[Math.floor(index / instancesPageSize) - firstSlice]
    return slice?.data?.task_instances[index % instancesPageSize]
  }
  const loaded = found
    .flatMap(({ data }) => data?.task_instances ?? [])
    .filter(({ map_index: index }) => index >= from && index < to)
  useTold(loaded, onLoaded)
  if (expansion.discovered === 0)
    return (
      <Empty title={expansion.exhausted ? "The stream was empty" : "Nothing was discovered yet"}>
        {expansion.exhausted ? "There was nothing to do." : "Instances come up here page by page."}
      </Empty>
    )
  const error = found.find((query) => query.error !== null && query.data === undefined)?.error
  if (error != null) return <Problem error={error} />
  const rows = Math.max(0, to - from)
  if (rows === 0) return <NoneFits />
  return (
    <FixedRows
      ref={list}
      count={rows}
      rowHeight={rowHeight}
      height={`min(${listHeight}, ${rows * rowHeight + 2}px)`}
      label="Instances"
      onRange={onRange}
      render={(row) => (
        <InstanceRow
          name={name}
          index={from + row}
          instance={instanceAt(from + row)}
          isCurrent={from + row === at}
          ticks={ticks}
        />
      )}
    />
  )
}

/** Tells which rows are loaded, once they are others. */
function useTold(loaded: readonly TaskInstance[], onLoaded: (loaded: readonly TaskInstance[]) => void) {
  const told = useRef<readonly TaskInstance[]>([])
  useEffect(() => {
    const isSame =
      told.current.length === loaded.length && told.current.every((one, place) => one === loaded[place])
    if (isSame) return
    told.current = loaded
    onLoaded(loaded)
  })
}

/** Instances that fit, read on as one scrolls: how many there are in all is not asked. */
function FilteredList({ name, filter, ticks, onLoaded }: ListProps & { readonly filter: InstanceFilter }) {
  const found = useInfiniteQuery(instanceListQuery(name, filter))
  const { fetchNextPage, hasNextPage, isFetchingNextPage, data } = found
  const instances = data?.pages.flatMap((page) => page.task_instances) ?? []
  const looked = data?.pages.length ?? 0
  useTold(instances, onLoaded)
  const onRange = useCallback(
    (_first: number, end: number) => {
      if (hasNextPage && !isFetchingNextPage && end > instances.length - 20) void fetchNextPage()
    },
    [hasNextPage, isFetchingNextPage, fetchNextPage, instances.length],
  )
  const looksOn = hasNextPage && instances.length === 0 && looked < emptyPagesMax
  useEffect(() => {
    if (looksOn && !isFetchingNextPage) void fetchNextPage()
  }, [looksOn, isFetchingNextPage, fetchNextPage])
  if (found.error instanceof ApiProblem && found.error.status === 404)
    return (
      <Empty title="No instance has this key">
        <span className="font-mono">{filter.key}</span>
      </Empty>
    )
  if (found.error !== null && data === undefined) return <Problem error={found.error} />
  if (data === undefined || looksOn) return <Skeleton />
  if (instances.length === 0 && hasNextPage)
    return (
      <Empty title="No instance that fits was found so far">
        <p>It was looked up to index {count(Math.max(0, data.pages.at(-1)?.next_after ?? 0))}.</p>
        <Button className="mt-3" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          Look on
        </Button>
      </Empty>
    )
  if (instances.length === 0) return <NoneFits />
  return (
    <FixedRows
      count={instances.length + (hasNextPage ? 1 : 0)}
      rowHeight={rowHeight}
      height={`min(${listHeight}, ${(instances.length + 1) * rowHeight + 2}px)`}
      label="Instances"
      onRange={onRange}
      render={(place) => (
        <InstanceRow name={name} index={null} instance={instances[place]} isCurrent={false} ticks={ticks} />
      )}
    />
  )
}

function NoneFits() {
  const set = useSetWish()
  return (
    <Empty title="No instance fits">
      <Button className="mt-1" onClick={() => set(noWish)}>
        Show all
      </Button>
    </Empty>
  )
}

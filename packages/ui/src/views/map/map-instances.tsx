import type { Expansion, TaskInstance } from "@sluice/api/wire"
import { useInfiniteQuery, useQueries } from "@tanstack/react-query"
import { Link, useNavigate, useSearch } from "@tanstack/react-router"
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
import { useNow } from "../../components/clock.ts"
import { Empty, Problem, Skeleton } from "../../components/feedback.tsx"
import { Input } from "../../components/field.tsx"
import { FixedRows, type RowsHandle } from "../../components/fixed-rows.tsx"
import { Panel } from "../../components/page.tsx"
import { State } from "../../components/state.tsx"
import { Time } from "../../components/time.tsx"
import { between, count, total } from "../../model/format.ts"
import { barStates, fillOf, lookOf } from "../../model/states.ts"

const rowHeight = 34
const listHeight = "min(62vh, 640px)"

/** The instances of a map: all of them by index, or those of some states, or the one with a key. */
export function MapInstances({
  name,
  expansion,
}: {
  readonly name: TaskName
  readonly expansion: Expansion
}) {
  const search = useSearch({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId" })
  const states = search.state?.split(",").filter((state) => state !== "") ?? []
  const isFiltered = states.length > 0 || search.key !== undefined
  return (
    <Panel>
      <Filters states={states} searchKey={search.key} expansion={expansion} />
      <Head />
      {isFiltered ? (
        <FilteredList
          name={name}
          filter={{ state: states.length > 0 ? states : undefined, key: search.key }}
        />
      ) : (
        <WholeList name={name} expansion={expansion} at={search.at} />
      )}
    </Panel>
  )
}

function useSet() {
  const navigate = useNavigate({ from: "/dags/$dagId/runs/$runId/tasks/$taskId" })
  return (change: { state?: string | undefined; key?: string | undefined; at?: number | undefined }) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
}

function Filters({
  states,
  searchKey,
  expansion,
}: {
  readonly states: readonly string[]
  readonly searchKey: string | undefined
  readonly expansion: Expansion
}) {
  const set = useSet()
  return (
    <div className="flex flex-wrap items-center gap-2 border-b border-line p-2">
      <form
        className="flex gap-2"
        onSubmit={(event) => {
          event.preventDefault()
          const text = new FormData(event.currentTarget).get("find")
          const value = typeof text === "string" ? text.trim().replaceAll(",", "") : ""
          if (/^\d+$/.test(value))
            set({
              at: Math.min(Number(value), Math.max(0, expansion.discovered - 1)),
              key: undefined,
              state: undefined,
            })
          else set({ key: value === "" ? undefined : value, at: undefined, state: undefined })
        }}
      >
        <Input
          key={searchKey ?? ""}
          name="find"
          data-search
          defaultValue={searchKey ?? ""}
          aria-label="Index or key"
          placeholder="Index or key   /"
          className="w-44"
        />
        <Button type="submit">Go</Button>
      </form>
      <div role="group" aria-label="States" className="flex flex-wrap gap-1">
        {barStates.map((state) => {
          const n = expansion.instances[state]
          const isOn = states.includes(state)
          if (n === 0 && !isOn) return null
          return (
            <button
              key={state}
              type="button"
              aria-pressed={isOn}
              onClick={() => {
                const next = isOn ? states.filter((one) => one !== state) : [...states, state]
                set({ state: next.length === 0 ? undefined : next.join(","), key: undefined, at: undefined })
              }}
              className={`inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-xs font-medium ${isOn ? "border-accent bg-accent-wash text-accent" : "border-line text-soft hover:bg-sunken"}`}
            >
              <span className="size-2 rounded-full" style={{ background: fillOf(state) }} />
              {lookOf(state).label} <span className={isOn ? "" : "text-muted"}>{count(n)}</span>
            </button>
          )
        })}
      </div>
      <span className="ml-auto text-xs text-muted">
        {total(expansion.discovered, expansion.exhausted)} instances
      </span>
    </div>
  )
}

const columns =
  "grid grid-cols-[72px_minmax(0,1fr)_110px] sm:grid-cols-[88px_minmax(0,1.2fr)_140px_48px_120px_84px] lg:grid-cols-[88px_minmax(0,1fr)_150px_48px_140px_90px_minmax(0,1.4fr)] gap-x-3 items-center px-3"

function Head() {
  return (
    <div className={`${columns} eyebrow h-8 border-b border-line`} aria-hidden>
      <span className="num">Index</span>
      <span>Item</span>
      <span>State</span>
      <span className="num hidden sm:block">Try</span>
      <span className="hidden sm:block">Started</span>
      <span className="num hidden sm:block">Took</span>
      <span className="hidden lg:block">Error</span>
    </div>
  )
}

function Row({
  name,
  index,
  instance,
  isCurrent,
}: {
  readonly name: TaskName
  readonly index: number | null
  readonly instance: TaskInstance | undefined
  readonly isCurrent: boolean
}) {
  const now = useNow()
  if (instance === undefined)
    return (
      <div className={`${columns} h-full border-b border-line`}>
        <span className="num text-muted">{index === null ? "" : count(index)}</span>
        <div className="skeleton h-3 w-3/4" />
      </div>
    )
  return (
    <Link
      to="/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex"
      params={{ ...name, mapIndex: String(instance.map_index) }}
      data-index={instance.map_index}
      className={`${columns} h-full border-b border-line hover:bg-sunken focus-visible:-outline-offset-2 ${isCurrent ? "bg-accent-wash" : ""}`}
    >
      <span className="num text-muted">{count(instance.map_index)}</span>
      <span className="truncate">
        {instance.rendered_map_index !== String(instance.map_index) && instance.rendered_map_index}
        {instance.key !== null && <span className="ml-2 font-mono text-xs text-muted">{instance.key}</span>}
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
  )
}

/** All instances by index: whatever part is in sight is read, and nothing else is kept. */
function WholeList({
  name,
  expansion,
  at,
}: {
  readonly name: TaskName
  readonly expansion: Expansion
  readonly at: number | undefined
}) {
  const list = useRef<RowsHandle>(null)
  const [range, setRange] = useState({ first: 0, end: 40 })
  const onRange = useCallback((first: number, end: number) => setRange({ first, end }), [])
  useEffect(() => {
    if (at !== undefined) list.current?.show(at)
  }, [at])
  const firstSlice = Math.floor(range.first / instancesPageSize)
  const lastSlice = Math.floor(Math.max(range.first, range.end - 1) / instancesPageSize)
  const slices = Array.from({ length: lastSlice - firstSlice + 1 }, (_, place) => firstSlice + place)
  const found = useQueries({
    queries: slices.map((slice) => instanceSliceQuery(name, slice * instancesPageSize - 1)),
  })
  const instanceAt = (index: number) => {
    const slice = found[Math.floor(index / instancesPageSize) - firstSlice]
    return slice?.data?.task_instances[index % instancesPageSize]
  }
  if (expansion.discovered === 0)
    return (
      <Empty title={expansion.exhausted ? "The stream was empty" : "Nothing was discovered yet"}>
        {expansion.exhausted ? "There was nothing to do." : "Instances come up here page by page."}
      </Empty>
    )
  const error = found.find((query) => query.error !== null && query.data === undefined)?.error
  if (error != null) return <Problem error={error} />
  return (
    <FixedRows
      ref={list}
      count={expansion.discovered}
      rowHeight={rowHeight}
      height={`min(${listHeight}, ${expansion.discovered * rowHeight + 2}px)`}
      label="Instances"
      onRange={onRange}
      render={(index) => (
        <Row name={name} index={index} instance={instanceAt(index)} isCurrent={index === at} />
      )}
    />
  )
}

/** Instances that fit, read on as one scrolls: how many there are in all is not asked. */
function FilteredList({ name, filter }: { readonly name: TaskName; readonly filter: InstanceFilter }) {
  const found = useInfiniteQuery(instanceListQuery(name, filter))
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = found
  const instances = found.data?.pages.flatMap((page) => page.task_instances) ?? []
  const onRange = useCallback(
    (_first: number, end: number) => {
      if (hasNextPage && !isFetchingNextPage && end > instances.length - 20) void fetchNextPage()
    },
    [hasNextPage, isFetchingNextPage, fetchNextPage, instances.length],
  )
  if (found.error instanceof ApiProblem && found.error.status === 404)
    return <Empty title="No instance has this key">{filter.key}</Empty>
  if (found.error !== null && found.data === undefined) return <Problem error={found.error} />
  if (found.data === undefined) return <Skeleton />
  if (instances.length === 0) return <Empty title="No instance is in this state" />
  return (
    <FixedRows
      count={instances.length + (hasNextPage ? 1 : 0)}
      rowHeight={rowHeight}
      height={`min(${listHeight}, ${(instances.length + 1) * rowHeight + 2}px)`}
      label="Instances"
      onRange={onRange}
      render={(place) => <Row name={name} index={null} instance={instances[place]} isCurrent={false} />}
    />
  )
}

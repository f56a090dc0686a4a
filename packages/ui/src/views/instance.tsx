import type { TaskInstance, TaskTry } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { ChevronLeft, ChevronRight, RotateCw } from "lucide-react"
import { useState } from "react"
import {
  expansionsQuery,
  instanceQuery,
  itemQuery,
  logPath,
  nextInStateQuery,
  type TaskName,
  triesQuery,
  xcomQuery,
  xcomsQuery,
} from "../api/queries.ts"
import { Button, IconButton } from "../components/button.tsx"
import { useNow } from "../components/clock.ts"
import { Loaded } from "../components/feedback.tsx"
import { Input, Select } from "../components/field.tsx"
import { JsonView } from "../components/json.tsx"
import { useKeys } from "../components/keys.ts"
import { Log } from "../components/log.tsx"
import { PageHead, Panel } from "../components/page.tsx"
import { useDenied } from "../components/role.ts"
import { State, StateIcon } from "../components/state.tsx"
import { Time } from "../components/time.tsx"
import { between, count, duration } from "../model/format.ts"
import { fillOf, lookOf } from "../model/states.ts"
import { marksOf, placeOf, type Span, type Timeline, timelineOf } from "../model/timeline.ts"
import { RedriveDialog } from "./map/redrive-dialog.tsx"
import { Explanation } from "./instance-explanation.tsx"
import { TaskTrail } from "./task.tsx"

/** What of an instance is shown. */
export interface InstanceSearch {
  readonly try?: number | undefined
  readonly level?: "debug" | "info" | "warn" | "error" | undefined
  readonly q?: string | undefined
}

/** One instance: what it was given, what it left, how often it was tried, what it said. */
export function InstanceView() {
  const { mapIndex: text, ...name } = useParams({
    from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex",
  })
  const mapIndex = Number(text)
  const instance = useQuery(instanceQuery(name, mapIndex))
  return (
    <Loaded query={instance}>
      {(found) => (
        <>
          <Head name={name} instance={found} />
          <Explanation name={name} instance={found} />
          {found.error !== null && found.state !== "skipped" && (
            <ErrorPanel error={found.error} state={found.state} />
          )}
          <div className="grid gap-3 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
            <div className="flex min-w-0 flex-col gap-3">
              <Tries name={name} instance={found} />
              {mapIndex >= 0 && <Item name={name} instance={found} />}
              <Values name={name} instance={found} />
            </div>
            <LogPanel name={name} instance={found} />
          </div>
        </>
      )}
    </Loaded>
  )
}

function Head({ name, instance }: { readonly name: TaskName; readonly instance: TaskInstance }) {
  const now = useNow()
  const navigate = useNavigate()
  const denied = useDenied()("redrive_expansion")
  const { data } = useQuery(expansionsQuery(name))
  const [isRedriving, setRedriving] = useState(false)
  const expansion = data?.expansions.find(({ task_id }) => task_id === name.taskId)
  const index = instance.map_index
  const last = (expansion?.discovered ?? 0) - 1
  const goTo = (next: number) => {
    if (index < 0 || next < 0 || next > last) return
    void navigate({
      to: "/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex",
      params: { ...name, mapIndex: String(next) },
      search: (before) => ({ level: before.level, q: before.q }),
      replace: true,
    })
  }
  const { next, goToNext } = useNextAlike(name, instance, goTo)
  useKeys({
    n: goToNext,
    ArrowLeft: () => goTo(index - 1),
    ArrowRight: () => goTo(index + 1),
    "[": () => goTo(index - 1),
    "]": () => goTo(index + 1),
  })
  const label = instance.rendered_map_index
  const isEnded = isEndedState(instance.state)
  return (
    <>
      <PageHead
        trail={<TaskTrail name={name} isAtTask={index < 0} />}
        title={
          index < 0
            ? name.taskId
            : `${name.taskId} ${count(index)}${label !== null && label !== String(index) ? ` · ${label}` : ""}`
        }
        meta={
          <>
            <State state={instance.state} />
            {instance.key !== null && <span className="font-mono text-xs">{instance.key}</span>}
            {instance.start_date !== null && instance.try_number > 0 && (
              <span>
                started <Time at={instance.start_date} />, took{" "}
                {between(instance.start_date, instance.end_date, now)}
              </span>
            )}
            {instance.try_number > 0 && (
              <span>
                try {instance.try_number} of {instance.max_tries + 1}
              </span>
            )}
            <span>pool {instance.pool}</span>
          </>
        }
        actions={
          <>
            {index >= 0 && (
              <>
                <IconButton label="Instance before ←" disabled={index === 0} onClick={() => goTo(index - 1)}>
                  <ChevronLeft size={16} aria-hidden />
                </IconButton>
                <IconButton label="Next instance →" disabled={index >= last} onClick={() => goTo(index + 1)}>
                  <ChevronRight size={16} aria-hidden />
                </IconButton>
              </>
            )}
            {index >= 0 && instance.state !== "success" && next !== null && (
              <Button onClick={goToNext}>
                Next {lookOf(instance.state).label} <kbd className="text-xs text-muted">n</kbd>
              </Button>
            )}
            {isEnded && (
              <Button denied={denied} onClick={() => setRedriving(true)}>
                <RotateCw size={14} aria-hidden /> Run again
              </Button>
            )}
          </>
        }
      />
      {isRedriving && (
        <RedriveDialog
          name={name}
          expansion={expansion}
          mapIndex={index}
          onClose={() => setRedriving(false)}
        />
      )}
    </>
  )
}

/** The next instance in the same state: through what failed one goes by one key. */
function useNextAlike(
  name: TaskName,
  { map_index: index, state }: TaskInstance,
  goTo: (index: number) => void,
) {
  const { data } = useQuery({
    ...nextInStateQuery(name, state ?? "", index),
    enabled: index >= 0 && state !== null && state !== "success",
  })
  const next = data?.task_instances[0]?.map_index ?? null
  return {
    next,
    goToNext: () => {
      if (next !== null) goTo(next)
    },
  }
}

/** Whether nothing more comes of an instance by itself. */
function isEndedState(state: string | null): boolean {
  return ["success", "failed", "skipped", "upstream_failed"].includes(state ?? "")
}

function ErrorPanel({
  error,
  state,
}: {
  readonly error: { readonly type: string; readonly message: string }
  readonly state: string | null
}) {
  return (
    <section
      className="panel mb-3 border-l-4 px-3 py-2"
      style={{ borderLeftColor: fillOf(state === "failed" ? "failed" : "up_for_retry") }}
    >
      <h2 className="m-0 font-mono text-xs font-semibold">{error.type}</h2>
      <p className="m-0 break-words whitespace-pre-wrap">{error.message}</p>
    </section>
  )
}

/** The attempts, one below the other on one line of time. */
function Tries({ name, instance }: { readonly name: TaskName; readonly instance: TaskInstance }) {
  const tries = useQuery(triesQuery(name, instance.map_index))
  const now = useNow()
  return (
    <Panel title="Tries">
      <Loaded query={tries} rows={2}>
        {({ task_instances: all }) => {
          const line = timelineOf(all.map(spanOf), now)
          if (line === null || instance.try_number === 0)
            return <p className="m-0 p-3 text-muted">It was not tried.</p>
          return (
            <>
              <ul className="m-0 list-none p-2">
                {all.map((one) => (
                  <TryBar key={one.try_number} attempt={one} line={line} now={now} />
                ))}
              </ul>
              <Axis line={line} />
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function spanOf({ start_date: start, end_date: end }: TaskTry): Span {
  return { start, end }
}

function TryBar({
  attempt,
  line,
  now,
}: {
  readonly attempt: TaskTry
  readonly line: Timeline
  readonly now: number
}) {
  const navigate = useNavigate({ from: "/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex" })
  const { try: shown } = useSearch({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex" })
  const place = placeOf(spanOf(attempt), line, now)
  if (place === null) return null
  const { try_number: tried, state } = attempt
  const isShown = shown === tried
  return (
    <li>
      <button
        type="button"
        aria-pressed={isShown}
        title="Show its log alone"
        className={`flex w-full items-center gap-3 rounded-md px-1 py-[3px] text-left hover:bg-sunken ${isShown ? "bg-accent-wash" : ""}`}
        onClick={() =>
          void navigate({
            search: (before) => ({ ...before, try: isShown ? undefined : tried }),
            replace: true,
            resetScroll: false,
          })
        }
      >
        <span className={`${tryColumn} flex items-center gap-1.5`}>
          <StateIcon state={state} /> <span className="sr-only">Try</span> {tried}
          <span className="truncate text-muted">{lookOf(state).label}</span>
        </span>
        <span className="relative h-4 flex-1 rounded-sm bg-sunken">
          <span
            className="absolute inset-y-0 min-w-1 rounded-sm"
            style={{
              left: `min(${place.left * 100}%, 100% - 4px)`,
              width: `${place.width * 100}%`,
              background: fillOf(state),
            }}
          />
        </span>
        <span className={`${tookColumn} text-muted`}>
          {between(attempt.start_date, attempt.end_date, now)}
        </span>
      </button>
    </li>
  )
}

const tryColumn = "w-28 shrink-0"
const tookColumn = "num w-16 shrink-0"

/** From the first try to the end of the last. */
function Axis({ line }: { readonly line: Timeline }) {
  const span = line.to - line.from
  return (
    <div className="flex gap-3 border-t border-line px-3 py-1 text-2xs text-muted" aria-hidden>
      <span className={tryColumn}>
        <Time at={line.from} />
      </span>
      <span className="relative h-4 flex-1">
        {marksOf(line, 2).map((mark) => (
          <span
            key={mark}
            className="absolute -translate-x-1/2 whitespace-nowrap first:translate-x-0"
            style={{ left: `${(mark / span) * 100}%` }}
          >
            {mark === 0 ? "0" : `+${duration(mark)}`}
          </span>
        ))}
      </span>
      <span className={tookColumn}>{duration(span)}</span>
    </div>
  )
}

/** Whether the place above it was empty, so that there is no input to ask for. */
function isOfGap({ state, try_number: tried, error }: TaskInstance): boolean {
  return tried === 0 && error === null && (state === "skipped" || state === "upstream_failed")
}

function Item({ name, instance }: { readonly name: TaskName; readonly instance: TaskInstance }) {
  const hasNone = isOfGap(instance)
  const item = useQuery({ ...itemQuery(name, instance.map_index), enabled: !hasNone })
  return (
    <Panel title="Input">
      {item.error === null && !hasNone ? (
        <Loaded query={item} rows={2}>
          {({ value }) => <JsonView value={value} label="Input" />}
        </Loaded>
      ) : (
        <p className="m-0 p-3 text-muted">{hasNone ? "It had none." : "It is not kept."}</p>
      )}
    </Panel>
  )
}

function Values({ name, instance }: { readonly name: TaskName; readonly instance: TaskInstance }) {
  const values = useQuery(xcomsQuery(name, instance.map_index))
  return (
    <Panel title="Result and XComs">
      <Loaded query={values} rows={2}>
        {({ xcom_entries: entries }) =>
          entries.length === 0 ? (
            <p className="m-0 p-3 text-muted">
              {instance.state === "success"
                ? "It returned nothing."
                : isEndedState(instance.state)
                  ? "It left nothing."
                  : "It has left nothing yet."}
            </p>
          ) : (
            <>
              {entries.map((entry) => (
                <Value key={entry.key} name={name} mapIndex={instance.map_index} xcomKey={entry.key} />
              ))}
            </>
          )
        }
      </Loaded>
    </Panel>
  )
}

function Value({
  name,
  mapIndex,
  xcomKey,
}: {
  readonly name: TaskName
  readonly mapIndex: number
  readonly xcomKey: string
}) {
  const value = useQuery(xcomQuery(name, mapIndex, xcomKey))
  return (
    <div className="border-b border-line last:border-0">
      <div className="px-3 pt-2 font-mono text-xs text-muted">{xcomKey}</div>
      <Loaded query={value} rows={1}>
        {(entry) => <JsonView value={entry.value} label={xcomKey} />}
      </Loaded>
    </div>
  )
}

function LogPanel({ name, instance }: { readonly name: TaskName; readonly instance: TaskInstance }) {
  const search = useSearch({ from: "/shell/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex" })
  const navigate = useNavigate({ from: "/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex" })
  const set = (change: InstanceSearch) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true, resetScroll: false })
  const tries = Array.from({ length: Math.max(1, instance.try_number) }, (_, at) => at + 1)
  return (
    <Panel
      title="Log"
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <Input
            type="search"
            data-search
            aria-label="Search the log"
            placeholder="Search   /"
            className="h-7 w-36"
            value={search.q ?? ""}
            onChange={(event) => set({ q: event.target.value || undefined })}
          />
          <Select
            aria-label="Level"
            className="h-7"
            value={search.level ?? "debug"}
            onChange={(event) => set({ level: event.target.value as "info" })}
          >
            <option value="debug">all levels</option>
            <option value="info">info and up</option>
            <option value="warn">warn and up</option>
            <option value="error">errors</option>
          </Select>
          <Select
            aria-label="Try"
            className="h-7"
            value={search.try ?? 0}
            onChange={(event) => set({ try: Number(event.target.value) || undefined })}
          >
            <option value={0}>all tries</option>
            {tries.map((one) => (
              <option key={one} value={one}>
                try {one}
              </option>
            ))}
          </Select>
        </div>
      }
    >
      <Log
        address={logPath(name, search.try ?? 0)}
        mapIndex={instance.map_index}
        level={search.level ?? "debug"}
        search={search.q ?? ""}
      />
    </Panel>
  )
}

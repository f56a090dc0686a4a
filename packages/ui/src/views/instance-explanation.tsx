import type { InstanceExplanation, TaskInstance } from "@sluice/api/wire"
import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { explanationQuery, type TaskName } from "../api/queries.ts"
import { useNow } from "../components/clock.ts"
import { JsonView } from "../components/json.tsx"
import { Fact, Panel } from "../components/page.tsx"
import { StateIcon } from "../components/state.tsx"
import { Time } from "../components/time.tsx"
import { count, duration, relative } from "../model/format.ts"
import { fillOf } from "../model/states.ts"

/** States that say all of themselves: nothing is in the way, and nobody kept it from running. */
const plain = ["success", "failed", "running"]

/** Why an instance did not run, or what stands in its way; nothing of one that runs or ran to its end. */
export function Explanation({
  name,
  instance,
}: {
  readonly name: TaskName
  readonly instance: TaskInstance
}) {
  const isPlain = plain.includes(instance.state ?? "")
  const { data } = useQuery({ ...explanationQuery(name, instance.map_index), enabled: !isPlain })
  // What was told of another state is not true of this one.
  if (data === undefined || isPlain || data.state !== instance.state) return null
  const { ended, deferral } = data
  // What it is deferred to is told with all that is known of it.
  const waits = deferral === null ? data.waits_for : []
  return (
    <>
      {ended !== null && <Ended name={name} ended={ended} state={instance.state} />}
      {waits.length > 0 && <Waits name={name} waits={waits} state={instance.state} />}
      {deferral !== null && <Deferral deferral={deferral} />}
    </>
  )
}

function Ended({
  name,
  ended,
  state,
}: {
  readonly name: TaskName
  readonly ended: NonNullable<InstanceExplanation["ended"]>
  readonly state: string | null
}) {
  const title = ended.kind.endsWith("cancelled")
    ? "Why it was cancelled"
    : state === "skipped"
      ? "Why it was skipped"
      : "Why it did not run"
  return (
    <section
      data-why
      className="panel mb-3 border-l-4 px-3 py-2"
      style={{ borderLeftColor: fillOf(state) }}
      aria-label={title}
    >
      <h2 className="eyebrow m-0">{title}</h2>
      <p className="m-0 mt-0.5 break-words">{ended.message}</p>
      {(ended.actor !== null || ended.at !== null) && (
        <p className="m-0 mt-0.5 text-muted">
          {ended.actor !== null && <>by {ended.actor}</>}
          {ended.at !== null && (
            <>
              {" "}
              at <Time at={ended.at} />
            </>
          )}
        </p>
      )}
      <InvolvedLinks name={name} tasks={ended.tasks} />
    </section>
  )
}

function Waits({
  name,
  waits,
  state,
}: {
  readonly name: TaskName
  readonly waits: InstanceExplanation["waits_for"]
  readonly state: string | null
}) {
  const now = useNow()
  return (
    <section
      data-waits
      className="panel mb-3 border-l-4 px-3 py-2"
      style={{ borderLeftColor: fillOf(state) }}
      aria-label="What it waits for"
    >
      <h2 className="eyebrow m-0">What it waits for</h2>
      <ul className="m-0 list-none p-0">
        {waits.map((wait) => (
          <li key={wait.kind} className="mt-1 flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="break-words">{wait.message}</span>
            {wait.until !== null && (
              <span className="text-muted">
                {relative(Date.parse(wait.until), now)}, at <Time at={wait.until} />
              </span>
            )}
            {wait.actor !== null && <span className="text-muted">by {wait.actor}</span>}
            {wait.limit !== null && <LimitBar {...wait.limit} />}
            <InvolvedLinks name={name} tasks={wait.tasks} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function LimitBar({ max, used }: { readonly max: number; readonly used: number }) {
  const part = max === 0 ? 1 : Math.min(1, used / max)
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap">
      <span
        className="inline-block h-2 w-24 overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset"
        aria-hidden
      >
        <span
          className="block h-full"
          style={{ width: `${part * 100}%`, background: "var(--s-running-fill)" }}
        />
      </span>
      <strong>
        {count(used)} of {count(max)}
      </strong>
    </span>
  )
}

/** Ways to the tasks and instances that have to do with it. */
function InvolvedLinks({
  name,
  tasks,
}: {
  readonly name: TaskName
  readonly tasks: NonNullable<InstanceExplanation["ended"]>["tasks"]
}) {
  if (tasks.length === 0) return null
  const look =
    "inline-flex items-center gap-1.5 rounded-md border border-line px-2 py-0.5 text-xs font-medium hover:bg-sunken"
  return (
    <div className="mt-1 flex flex-wrap gap-1.5">
      {tasks.map(({ task_id: taskId, map_index: index, state }) =>
        index === null ? (
          <Link
            key={taskId}
            to="/dags/$dagId/runs/$runId/tasks/$taskId"
            params={{ ...name, taskId }}
            className={look}
          >
            <StateIcon state={state} size={12} /> {taskId}
          </Link>
        ) : (
          <Link
            key={`${taskId} ${index}`}
            to="/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex"
            params={{ ...name, taskId, mapIndex: String(index) }}
            className={look}
          >
            <StateIcon state={state} size={12} /> {taskId} {count(index)}
          </Link>
        ),
      )}
    </div>
  )
}

/** What it is deferred to, since when, until when, and who watches for it. */
function Deferral({ deferral }: { readonly deferral: NonNullable<InstanceExplanation["deferral"]> }) {
  const now = useNow()
  const { triggerer, timeout_at: timeout, fires_at: fires } = deferral
  return (
    <Panel title={deferredTo(deferral)} className="mb-3">
      <dl className="m-0 grid grid-cols-2 gap-x-6 gap-y-3 p-3 sm:grid-cols-4">
        <Fact name="Since">
          <Time at={deferral.since} />{" "}
          <span className="text-muted">({duration(now - Date.parse(deferral.since))})</span>
        </Fact>
        <Fact name={fires === null ? "Fires" : "Fires at"}>
          {fires === null ? (
            <span className="text-muted">when it happens</span>
          ) : (
            <>
              <Time at={fires} /> <span className="text-muted">({relative(Date.parse(fires), now)})</span>
            </>
          )}
        </Fact>
        <Fact name="Timeout">
          {timeout === null ? (
            <span className="text-muted">none</span>
          ) : (
            <>
              <Time at={timeout} /> <span className="text-muted">({relative(Date.parse(timeout), now)})</span>
            </>
          )}
        </Fact>
        <Fact name="Triggerer">
          {triggerer !== null ? (
            `${triggerer.hostname} (${triggerer.pid})`
          ) : (
            <span className="text-muted">
              {watched.includes(deferral.trigger) ? "none has taken it yet" : "none is needed"}
            </span>
          )}
        </Fact>
      </dl>
      <div className="border-t border-line">
        <JsonView value={deferral.parameters} label="Parameters of the trigger" />
      </div>
      <p className="m-0 border-t border-line px-3 py-2 text-muted">
        Then it goes on at <span className="font-mono text-xs text-ink">{deferral.resume}</span>, in the same
        try.
      </p>
    </Panel>
  )
}

/** What it is deferred to, in a few words; what is known besides stands below. */
function deferredTo({ trigger, name, parameters }: NonNullable<InstanceExplanation["deferral"]>): string {
  switch (trigger) {
    case "delay":
      return `Deferred for ${duration(Number(parameters["ms"]))}`
    case "time":
      return "Deferred until a time"
    case "run":
      return "Deferred until a run has ended"
    case "http":
      return "Deferred until a request is answered as wanted"
    case "file":
      return "Deferred until a file is there"
    default:
      return `Deferred to the trigger "${name}"`
  }
}

/** The kinds of triggers that somebody has to watch. */
const watched = ["http", "file", "user"]

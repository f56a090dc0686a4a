import type { Expansion } from "@sluice/api/wire"
import { ChevronRight } from "lucide-react"
import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useMemo } from "react"
import { historyQuery, type TaskName } from "../../api/queries.ts"
import { Rates } from "../../components/chart.tsx"
import { useNow } from "../../components/clock.ts"
import { Panel } from "../../components/page.tsx"
import { between, count, duration, rate, total } from "../../model/format.ts"
import { endedOf, historyOf, rateOf, ratesOf } from "../../model/history.ts"
import { projectionOf } from "../../model/projection.ts"

/** How far the map is, how full its window, how fast it goes, how many failures it has left. */
export function MapFigures({ name, expansion }: { readonly name: TaskName; readonly expansion: Expansion }) {
  return (
    <div className="grid gap-3 lg:grid-cols-[minmax(0,1.15fr)_minmax(0,1fr)]">
      <Panel>
        <Flow expansion={expansion} />
        <div className="grid gap-x-6 gap-y-4 border-t border-line p-3 sm:grid-cols-2">
          <WindowGauge expansion={expansion} />
          <FailureGauge expansion={expansion} />
        </div>
        <Cursor expansion={expansion} />
      </Panel>
      <RatePanel name={name} expansion={expansion} />
    </div>
  )
}

function Flow({ expansion }: { readonly expansion: Expansion }) {
  const { instances, discovered, exhausted, kind } = expansion
  const waiting = instances.scheduled + instances.up_for_retry + instances.deferred
  const steps: readonly { name: string; value: ReactNode; note: string; color?: string }[] =
    kind === "mapped"
      ? [
          {
            name: "Discovered",
            value: total(discovered, exhausted),
            note: exhausted ? "the source has ended" : "the total is not known",
          },
          { name: "Waiting", value: count(waiting), note: notes(instances) },
          { name: "Running", value: count(instances.running), note: "now", color: "var(--s-running)" },
          {
            name: "Done",
            value: count(instances.success),
            note: share(instances.success, discovered, exhausted),
            color: "var(--s-success)",
          },
          {
            name: "Failed",
            value: count(instances.failed + instances.upstream_failed),
            note: others(instances),
            ...(instances.failed + instances.upstream_failed > 0 && { color: "var(--s-failed)" }),
          },
        ]
      : [
          {
            name: "Discovered",
            value: total(discovered, exhausted),
            note: exhausted ? "the source has ended" : "the total is not known",
          },
          { name: "Pages", value: count(expansion.pages), note: `${count(expansion.pulls)} pulls` },
        ]
  return (
    <ol className="m-0 grid list-none grid-cols-3 gap-y-3 p-3 sm:flex sm:items-stretch">
      {steps.map((step, at) => (
        <li key={step.name} className="flex items-start sm:min-w-24 sm:flex-1">
          {at > 0 && (
            <ChevronRight
              size={14}
              aria-hidden
              className="mt-4 mr-2 hidden shrink-0 text-line-strong sm:block"
            />
          )}
          <div className="min-w-0">
            <div className="eyebrow">{step.name}</div>
            <div
              className="mt-0.5 text-xl leading-tight font-semibold tracking-tight"
              style={step.color === undefined ? undefined : { color: step.color }}
              data-figure={step.name}
            >
              {step.value}
            </div>
            <div className="text-xs text-muted">{step.note}</div>
          </div>
        </li>
      ))}
    </ol>
  )
}

function notes({ up_for_retry: retry, deferred }: Expansion["instances"]): string {
  const parts = [
    ...(retry > 0 ? [`${count(retry)} to retry`] : []),
    ...(deferred > 0 ? [`${count(deferred)} deferred`] : []),
  ]
  return parts.length === 0 ? "to be run" : parts.join(", ")
}

function others({ skipped, upstream_failed: above }: Expansion["instances"]): string {
  const parts = [
    ...(above > 0 ? [`${count(above)} by upstream`] : []),
    ...(skipped > 0 ? [`${count(skipped)} skipped`] : []),
  ]
  return parts.length === 0 ? "of all that ended" : parts.join(", ")
}

function share(done: number, discovered: number, exhausted: boolean): string {
  if (!exhausted || discovered === 0) return "so far"
  return `${((done / discovered) * 100).toFixed(done === discovered ? 0 : 1)} %`
}

/** How the window is used: what runs, what is ready, what nobody has taken yet, and what is free. */
function WindowGauge({ expansion }: { readonly expansion: Expansion }) {
  const { window, window_use: use, instances } = expansion
  if (window === null || use === null)
    return <Gauge name="Window" value="none" parts={[]} note="not bounded" />
  const { running } = instances
  const waiting = Math.max(0, use.unfinished - running)
  const untaken = Math.max(0, (use.unconsumed ?? 0) - use.unfinished)
  const peak = Math.min(1, use.unfinished_peak / window)
  return (
    <Gauge
      name="Window"
      value={`${count(Math.max(use.unfinished, use.unconsumed ?? 0))} of ${count(window)}`}
      peak={{ part: peak, words: `peak ${count(use.unfinished_peak)}` }}
      parts={[
        { label: "running", n: running / window, color: "var(--s-running-fill)" },
        { label: "ready", n: waiting / window, color: "var(--s-idle-fill)" },
        { label: "not taken", n: untaken / window, color: "var(--s-deferred-fill)" },
      ]}
      note={`${count(running)} running · ${count(waiting)} ready${untaken > 0 ? ` · ${count(untaken)} not taken` : ""} · ${count(use.room)} free`}
    />
  )
}

function FailureGauge({ expansion }: { readonly expansion: Expansion }) {
  const { tolerated_failures: tolerance, instances } = expansion
  const ended = endedOf(expansion)
  const { failed } = instances
  const ratio = ended === 0 ? 0 : failed / ended
  if (tolerance === null || (tolerance.count === null && tolerance.ratio === null))
    return (
      <Gauge
        name="Failures"
        value={`${count(failed)} of ${count(ended)}`}
        parts={[{ label: "failed", n: ratio, color: "var(--s-failed-fill)" }]}
        note={`${(ratio * 100).toFixed(1)} % · any number is tolerated`}
      />
    )
  const allowed =
    tolerance.count ?? Math.floor((tolerance.ratio ?? 0) * Math.max(ended, tolerance.min_sample))
  const used = allowed === 0 ? (failed > 0 ? 1 : 0) : Math.min(1, failed / allowed)
  const words = [
    ...(tolerance.count === null ? [] : [`${count(tolerance.count)} tolerated`]),
    ...(tolerance.ratio === null
      ? []
      : [`${(tolerance.ratio * 100).toFixed(1)} % tolerated from ${count(tolerance.min_sample)} on`]),
  ]
  return (
    <Gauge
      name="Failures"
      value={`${count(failed)} of ${count(allowed)} tolerated`}
      parts={[{ label: "failed", n: used, color: "var(--s-failed-fill)" }]}
      note={`${(ratio * 100).toFixed(1)} % of what ended · ${words.join(", ")}`}
    />
  )
}

function Gauge({
  name,
  value,
  parts,
  note,
  peak,
}: {
  readonly name: string
  readonly value: string
  readonly parts: readonly { readonly label: string; readonly n: number; readonly color: string }[]
  readonly note: string
  /** The most there ever was. */
  readonly peak?: { readonly part: number; readonly words: string }
}) {
  return (
    <div data-gauge={name}>
      <div className="flex items-baseline justify-between gap-2">
        <span className="eyebrow">{name}</span>
        {peak !== undefined && <span className="flex-1 text-xs text-muted">{peak.words}</span>}
        <span className="font-semibold">{value}</span>
      </div>
      <div
        role="img"
        aria-label={`${name}: ${note}`}
        className="relative mt-1.5 flex h-2.5 overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset"
      >
        {parts.map((part) => (
          <div
            key={part.label}
            className="transition-[width] duration-300"
            style={{ width: `${Math.min(1, part.n) * 100}%`, background: part.color }}
          />
        ))}
        {peak !== undefined && (
          <div
            className="absolute inset-y-0 w-px bg-ink"
            style={{ left: `calc(${peak.part * 100}% - 1px)` }}
          />
        )}
      </div>
      <div className="mt-1 text-xs text-muted">{note}</div>
    </div>
  )
}

function Cursor({ expansion }: { readonly expansion: Expansion }) {
  return (
    <dl className="m-0 grid grid-cols-2 gap-x-6 gap-y-2 border-t border-line p-3 sm:grid-cols-4">
      <div className="col-span-2 min-w-0">
        <dt className="eyebrow">Cursor</dt>
        <dd className="m-0 mt-0.5 truncate font-mono text-xs" title={expansion.cursor ?? undefined}>
          {expansion.cursor ?? (
            <span className="font-sans text-muted">
              {expansion.exhausted ? "at the end" : "at the start"}
            </span>
          )}
        </dd>
      </div>
      <div>
        <dt className="eyebrow">Pages</dt>
        <dd className="m-0 mt-0.5">
          {count(expansion.pages)}{" "}
          <span className="text-muted">· up to {count(expansion.page_size ?? 0)} items each</span>
        </dd>
      </div>
      <div>
        <dt className="eyebrow">Concurrency</dt>
        <dd className="m-0 mt-0.5">
          {expansion.concurrency === null ? (
            <span className="text-muted">as workers have slots</span>
          ) : (
            count(expansion.concurrency)
          )}
          {expansion.duplicates > 0 && (
            <span className="text-muted"> · {count(expansion.duplicates)} duplicates</span>
          )}
        </dd>
      </div>
    </dl>
  )
}

/** Source against what ends, from the start of the map on; and when that is over, where it can be known. */
function RatePanel({ name, expansion }: { readonly name: TaskName; readonly expansion: Expansion }) {
  const now = useNow()
  const history = useQuery(historyQuery(name))
  const lines = useMemo(() => (history.data === undefined ? null : ratesOf(history.data)), [history.data])
  const samples = historyOf(expansion)
  const isOver = expansion.end_date !== null
  const isMapped = expansion.kind === "mapped"
  // As it is told live, and before that as the history ends.
  const read = rateOf(samples, (sample) => sample.discovered, now) ?? lines?.discovered.at(-1) ?? null
  const ended = rateOf(samples, (sample) => sample.ended, now) ?? lines?.ended.at(-1) ?? null
  return (
    <Panel
      title="Rates"
      aside={
        <div className="flex flex-wrap items-center gap-x-4 text-xs">
          <Legend color="var(--s-running-fill)" name="source" value={isOver ? "" : rate(read)} />
          {isMapped && (
            <Legend color="var(--s-success-fill)" name="ended" value={isOver ? "" : rate(ended)} />
          )}
        </div>
      }
      className="flex flex-col"
    >
      <div className="flex-1 px-2 pt-1">
        {lines !== null && lines.times.length > 1 ? (
          <Rates
            height={150}
            times={lines.times}
            series={[
              { label: "source", color: "--s-running-fill", values: lines.discovered },
              ...(isMapped ? [{ label: "ended", color: "--s-success-fill", values: lines.ended }] : []),
            ]}
          />
        ) : (
          <div className="flex h-[150px] items-center justify-center px-6 text-center text-muted">
            {history.error !== null && history.data === undefined
              ? history.error.message
              : history.isPending
                ? ""
                : expansion.start_date === null
                  ? "It has not begun."
                  : "Rates are drawn once it has gone on for a second."}
          </div>
        )}
      </div>
      <p className="m-0 border-t border-line px-3 py-2 text-muted" data-projection>
        {isOver ? summaryOf(expansion) : <Outlook expansion={expansion} ended={ended} />}
      </p>
    </Panel>
  )
}

/** What takes less is over before it is read. */
const toldMsMin = 2_000

/** When it will have ended; while nobody can know, how long what is there will take. */
function Outlook({ expansion, ended }: { readonly expansion: Expansion; readonly ended: number | null }) {
  const projection = projectionOf(expansion, ended)
  const left = expansion.discovered - endedOf(expansion)
  if (projection.kind === "over") return null
  if (projection.kind === "in")
    return (
      <>
        At this rate it ends in <strong className="text-ink">{duration(projection.ms)}</strong>.
      </>
    )
  const leftMs = ended === null || ended <= 0 || expansion.exhausted ? 0 : (left / ended) * 1_000
  return (
    <>
      When it ends cannot be known: {projection.why}.
      {expansion.kind === "mapped" && leftMs >= toldMsMin && ` What is there now takes ${duration(leftMs)}.`}
    </>
  )
}

function pulls(n: number): string {
  return n === 1 ? "1 pull" : `${count(n)} pulls`
}

function summaryOf(expansion: Expansion): string {
  const { start_date: start, end_date: end, first_result_date: first } = expansion
  if (start === null || end === null) return "It has ended."
  const seconds = Math.max(0.001, (Date.parse(end) - Date.parse(start)) / 1_000)
  const average = `It ended after ${duration(seconds * 1_000)}, ${pulls(expansion.pulls)}: ${rate(endedOf(expansion) / seconds)} on average.`
  if (first === null) return average
  return `${average} First result after ${between(start, first, 0)}, ${pulls(expansion.pulls_at_first_result ?? 0)}.`
}

function Legend({
  color,
  name,
  value,
}: {
  readonly color: string
  readonly name: string
  readonly value: string
}) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span className="h-0.5 w-3 rounded" style={{ background: color }} />
      <span className="text-muted">{name}</span>
      {value !== "" && <strong>{value}</strong>}
    </span>
  )
}

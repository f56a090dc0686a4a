import type { DagChanges, DagVersion } from "@sluice/api/wire"
import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router"
import { ArrowRight, Equal, Minus, Pencil, Plus } from "lucide-react"
import { type ReactNode, useMemo } from "react"
import { changesQuery, codeQuery, versionsQuery } from "../api/queries.ts"
import { Empty, Loaded } from "../components/feedback.tsx"
import { Select } from "../components/field.tsx"
import { Panel } from "../components/page.tsx"
import { SourceDiff } from "../components/source-text.tsx"
import { More } from "../components/table.tsx"
import { Time } from "../components/time.tsx"
import { diffTexts } from "../model/text-diff.ts"

/** The versions of a DAG, and what differs between two of them. */
export function DagVersions() {
  const { dagId } = useParams({ from: "/shell/dags/$dagId" })
  const { version, base } = useSearch({ from: "/shell/dags/$dagId/versions" })
  const versions = useInfiniteQuery(versionsQuery(dagId))
  return (
    <Loaded query={versions}>
      {({ pages }) => {
        const all = pages.flatMap((page) => page.dag_versions)
        const after = version ?? all[0]?.version_number ?? 1
        const before = base ?? Math.max(1, after - 1)
        return (
          <div className="grid items-start gap-3 lg:grid-cols-[260px_minmax(0,1fr)]">
            <Panel title="Versions">
              <ol className="m-0 max-h-40 list-none overflow-y-auto p-1 lg:max-h-[70vh]">
                {all.map((one) => (
                  <VersionItem
                    key={one.version_number}
                    version={one}
                    side={
                      one.version_number === after ? "after" : one.version_number === before ? "before" : null
                    }
                  />
                ))}
              </ol>
              <More list={versions}>Older</More>
            </Panel>
            <div className="flex min-w-0 flex-col gap-3">
              {before === after ? (
                <Panel>
                  <Empty title={after === 1 ? "This is the first version" : "This is one version"}>
                    {after === 1
                      ? "A new one is stored when the DAG's file or anything it imports changes."
                      : "Choose another to see what differs."}
                  </Empty>
                </Panel>
              ) : (
                <Compared
                  dagId={dagId}
                  before={before}
                  after={after}
                  numbers={all.map((one) => one.version_number)}
                />
              )}
            </div>
          </div>
        )
      }}
    </Loaded>
  )
}

function VersionItem({
  version: { dag_id: dagId, version_number: number, created_at: storedAt, bundle_version: bundle },
  side,
}: {
  readonly version: DagVersion
  readonly side: "before" | "after" | null
}) {
  return (
    <li data-row>
      <Link
        to="/dags/$dagId/versions"
        params={{ dagId }}
        search={{ version: number }}
        replace
        resetScroll={false}
        aria-current={side === "after" ? "true" : undefined}
        className={`flex items-baseline gap-2 rounded-md px-2 py-1.5 hover:bg-sunken ${side === "after" ? "bg-accent-wash text-accent" : ""}`}
      >
        <span className="w-9 shrink-0 font-semibold">v{number}</span>
        <span className="flex-1 text-xs">
          <Time at={storedAt} isRelative />
        </span>
        {side === "before" ? (
          <span className="text-2xs text-muted">compared with</span>
        ) : (
          <span className="font-mono text-2xs text-muted">{bundle?.slice(0, 7)}</span>
        )}
      </Link>
    </li>
  )
}

function Compared({
  dagId,
  before,
  after,
  numbers,
}: {
  readonly dagId: string
  readonly before: number
  readonly after: number
  readonly numbers: readonly number[]
}) {
  const navigate = useNavigate({ from: "/dags/$dagId/versions" })
  const changes = useQuery(changesQuery(dagId, before, after))
  const choose = (name: "version" | "base", label: string, value: number) => (
    <Select
      aria-label={label}
      className="h-7"
      value={value}
      onChange={(event) =>
        void navigate({
          search: { version: after, base: before, [name]: Number(event.target.value) },
          replace: true,
          resetScroll: false,
        })
      }
    >
      {[...new Set([...numbers, value])].map((one) => (
        <option key={one} value={one}>
          version {one}
        </option>
      ))}
    </Select>
  )
  return (
    <>
      <Panel
        title="What changed"
        aside={
          <span className="inline-flex items-center gap-2">
            {choose("base", "From version", before)}
            <ArrowRight size={14} aria-label="to" className="text-muted" />
            {choose("version", "To version", after)}
          </span>
        }
      >
        <Loaded query={changes} rows={4}>
          {(found) => <Changes changes={found} />}
        </Loaded>
      </Panel>
      <Panel title="Code">
        {changes.data?.is_code_same === true ? (
          <p className="m-0 p-3 text-muted">The code is the same, to the byte.</p>
        ) : (
          <CodeDiff dagId={dagId} before={before} after={after} />
        )}
      </Panel>
    </>
  )
}

type Change = "added" | "removed" | "changed"

const signs: Readonly<Record<Change, { readonly icon: ReactNode; readonly color: string }>> = {
  added: { icon: <Plus size={14} strokeWidth={2.5} aria-hidden />, color: "var(--s-success)" },
  removed: { icon: <Minus size={14} strokeWidth={2.5} aria-hidden />, color: "var(--s-failed)" },
  changed: { icon: <Pencil size={13} aria-hidden />, color: "var(--s-retry)" },
}

function Sign({ change }: { readonly change: Change }) {
  return (
    <span
      className="inline-flex w-22 shrink-0 items-center gap-1.5 font-medium"
      style={{ color: signs[change].color }}
    >
      {signs[change].icon}
      {change}
    </span>
  )
}

/** The shape of the DAG, by what was added, removed and changed. */
function Changes({
  changes: { options, tasks, task_groups: groups, edges },
}: {
  readonly changes: DagChanges
}) {
  if (options.length + tasks.length + groups.length + edges.length === 0)
    return (
      <Empty title="The DAG has the same shape" icon={<Equal size={22} aria-hidden />}>
        Its tasks, their options and what flows between them are as they were.
      </Empty>
    )
  return (
    <ul className="m-0 list-none p-0">
      {options.length > 0 && (
        <ChangeItem change="changed" title={<span className="font-semibold">The DAG itself</span>}>
          <Options options={options} />
        </ChangeItem>
      )}
      {groups.map(({ group_id: id, change }) => (
        <ChangeItem
          key={`group ${id}`}
          change={change}
          title={
            <>
              <span className="text-muted">group</span> <span className="font-semibold">{id}</span>
            </>
          }
        />
      ))}
      {tasks.map(({ task_id: id, change, options: changed }) => (
        <ChangeItem
          key={`task ${id}`}
          change={change}
          title={
            <>
              <span className="text-muted">task</span> <span className="font-semibold">{id}</span>
            </>
          }
        >
          <Options options={changed} />
        </ChangeItem>
      ))}
      {edges.map(({ upstream, downstream, kind, change }) => (
        <ChangeItem
          key={`edge ${upstream} ${downstream} ${kind}`}
          change={change}
          title={
            <>
              <span className="text-muted">{kind === "stream" ? "stream" : "edge"}</span>{" "}
              <span className="font-semibold">{upstream}</span>{" "}
              <ArrowRight size={13} aria-label="to" className="inline text-muted" />{" "}
              <span className="font-semibold">{downstream}</span>
            </>
          }
        />
      ))}
    </ul>
  )
}

function ChangeItem({
  change,
  title,
  children,
}: {
  readonly change: Change
  readonly title: ReactNode
  readonly children?: ReactNode
}) {
  return (
    <li data-row className="flex gap-3 border-b border-line px-3 py-2 last:border-0">
      <Sign change={change} />
      <div className="min-w-0 flex-1">
        <div className="break-words">{title}</div>
        {children}
      </div>
    </li>
  )
}

function Options({ options }: { readonly options: DagChanges["options"] }) {
  if (options.length === 0) return null
  return (
    <dl className="m-0 mt-1 grid grid-cols-1 gap-x-4 gap-y-1 text-xs sm:grid-cols-[minmax(9rem,auto)_minmax(0,1fr)]">
      {options.map(({ option, before, after }) => (
        <div key={option} className="contents">
          <dt className="font-mono text-muted">{option}</dt>
          <dd className="m-0 font-mono break-words">
            <Value value={before} look="gone" />{" "}
            <ArrowRight size={12} aria-label="became" className="inline text-muted" />{" "}
            <Value value={after} look="new" />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Value({ value, look }: { readonly value: unknown; readonly look: "gone" | "new" }) {
  if (value === null) return <span className="font-sans text-muted">none</span>
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return look === "gone" ? (
    <del className="text-danger">{text}</del>
  ) : (
    <ins className="text-(--s-success) no-underline">{text}</ins>
  )
}

function CodeDiff({
  dagId,
  before,
  after,
}: {
  readonly dagId: string
  readonly before: number
  readonly after: number
}) {
  const older = useQuery(codeQuery(dagId, before))
  const newer = useQuery(codeQuery(dagId, after))
  const hunks = useMemo(
    () =>
      older.data === undefined || newer.data === undefined
        ? []
        : diffTexts(older.data.content ?? "", newer.data.content ?? ""),
    [older.data, newer.data],
  )
  const codeLink = (version: number) => (
    <Link
      to="/dags/$dagId/code"
      params={{ dagId }}
      search={{ version }}
      className="text-accent hover:underline"
    >
      version {version}
    </Link>
  )
  return (
    <Loaded query={older}>
      {() => (
        <Loaded query={newer}>
          {() =>
            hunks === null ? (
              <Empty title="The code differs in more than can be shown">
                Look at each: {codeLink(before)}, {codeLink(after)}.
              </Empty>
            ) : (
              <SourceDiff hunks={hunks} label="What differs in the code" />
            )
          }
        </Loaded>
      )}
    </Loaded>
  )
}

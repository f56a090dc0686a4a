import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"
import type {
  Backfill,
  Dag,
  DagCalendar,
  DagChanges,
  DagDetails,
  DagGrid,
  DagRun,
  DagStructure,
  DagVersion,
  Density,
  ErrorClasses,
  Expansion,
  ExpansionHistory,
  ExpansionPage,
  InstanceExplanation,
  Me,
  RecentRuns,
  TaskInstance,
  TaskTry,
  UserRole,
  WaitingTrigger,
} from "@sluice/api/wire"
import { api, path, type Query } from "./client.ts"

/** A run by its names. */
export interface RunName {
  readonly dagId: string
  readonly runId: string
}

/** A task of a run by its names. */
export interface TaskName extends RunName {
  readonly taskId: string
}

const runPath = ({ dagId, runId }: RunName) => path`/dags/${dagId}/dagRuns/${runId}`
const instancesPath = (name: TaskName) => `${runPath(name)}${path`/taskInstances/${name.taskId}`}`

/** The address of a map. */
export const mapPath = (name: TaskName) => `${runPath(name)}${path`/expansions/${name.taskId}`}`

/** The key below which all that is known of a run stands. */
export const runKey = ({ dagId, runId }: RunName) => ["dags", dagId, "runs", runId] as const

/** The key below which all that is known of a task of a run stands. */
export const taskKey = (name: TaskName) => [...runKey(name), "tasks", name.taskId] as const

/** Who is signed in. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => api<Me>("/me", { signal }),
  staleTime: 60_000,
})

/** What the health of a server says. */
export interface Health {
  readonly metadatabase: { readonly status: "healthy" | "unhealthy" | null }
  readonly scheduler: { readonly status: "healthy" | "unhealthy" | null }
  readonly roles: Readonly<
    Record<
      string,
      { readonly status: "healthy" | "unhealthy" | null; readonly latest_heartbeat: string | null }
    >
  >
}

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => api<Health>("/monitor/health", { signal }),
  refetchInterval: 15_000,
})

/** A process that works on the database. */
export interface Job {
  readonly id: number
  readonly role: string
  readonly state: string | null
  readonly hostname: string | null
  readonly pid: number
  readonly start_date: string | null
  readonly latest_heartbeat: string | null
  readonly end_date: string | null
}

export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: ({ signal }) =>
    api<{ jobs: Job[]; total_entries: number }>("/jobs", { signal, query: { limit: 100 } }),
  refetchInterval: 15_000,
})

/** How many rows of lists that are seldom long are read at once. */
const listPageSize = 100

/** What DAGs are asked for by. */
export interface DagSearch {
  readonly q?: string | undefined
  readonly tag?: string | undefined
  readonly paused?: boolean | undefined
  readonly state?: string | undefined
}

const dagsPageSize = 50

export const dagsQuery = (search: DagSearch) =>
  infiniteQueryOptions({
    queryKey: ["dags", "list", search],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) =>
      api<{ dags: Dag[]; total_entries: number }>("/dags", {
        signal,
        query: {
          limit: dagsPageSize,
          offset: pageParam,
          order_by: "dag_id",
          dag_id_pattern: search.q === undefined || search.q === "" ? undefined : containing(search.q),
          tags: search.tag,
          paused: search.paused,
          last_dag_run_state: search.state,
        },
      }),
    getNextPageParam: (last, all) => {
      const seen = all.reduce((sum, page) => sum + page.dags.length, 0)
      return last.dags.length > 0 && seen < last.total_entries ? seen : undefined
    },
  })

/** The pattern of what has a text in it. What SQL's `like` would read otherwise stands for itself; `|` would mean "or". */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&").replaceAll("|", "_")}%`
}

export const tagsQuery = queryOptions({
  queryKey: ["dags", "tags"],
  queryFn: ({ signal }) => api<{ tags: string[] }>("/dagTags", { signal, query: { limit: 100 } }),
  staleTime: 60_000,
})

/** As many of a DAG's last runs as a strip has room for. */
export const recentRunsMax = 14

export const recentRunsQuery = (dagIds: readonly string[]) =>
  queryOptions({
    queryKey: ["dags", "recent", dagIds],
    queryFn: ({ signal }) =>
      api<RecentRuns>("/recentDagRuns", { signal, query: { dag_ids: dagIds, limit: recentRunsMax } }),
    enabled: dagIds.length > 0,
    placeholderData: (before) => before,
  })

export const dagQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["dags", dagId, "details"],
    queryFn: ({ signal }) => api<DagDetails>(path`/dags/${dagId}/details`, { signal }),
  })

export const structureQuery = (dagId: string, version?: number) =>
  queryOptions({
    queryKey: ["dags", dagId, "structure", version ?? null],
    queryFn: ({ signal }) =>
      api<DagStructure>(path`/dags/${dagId}/structure`, { signal, query: { version_number: version } }),
    staleTime: version === undefined ? 10_000 : Number.POSITIVE_INFINITY,
  })

export const versionsQuery = (dagId: string) =>
  infiniteQueryOptions({
    queryKey: ["dags", dagId, "versions"],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) =>
      api<{ dag_versions: DagVersion[]; total_entries: number }>(path`/dags/${dagId}/dagVersions`, {
        signal,
        query: { order_by: "-version_number", limit: listPageSize, offset: pageParam },
      }),
    getNextPageParam: (last, all) => {
      const seen = all.reduce((sum, page) => sum + page.dag_versions.length, 0)
      return last.dag_versions.length > 0 && seen < last.total_entries ? seen : undefined
    },
  })

/** What differs between two versions; neither ever changes. */
export const changesQuery = (dagId: string, before: number, after: number) =>
  queryOptions({
    queryKey: ["dags", dagId, "changes", before, after],
    queryFn: ({ signal }) =>
      api<DagChanges>(path`/dags/${dagId}/dagVersions/${after}/changes`, {
        signal,
        query: { base_version_number: before },
      }),
    staleTime: Number.POSITIVE_INFINITY,
  })

export const codeQuery = (dagId: string, version: number | undefined) =>
  queryOptions({
    queryKey: ["dags", dagId, "code", version ?? null],
    queryFn: ({ signal }) =>
      api<{ content: string | null }>(path`/dagSources/${dagId}`, {
        signal,
        query: { version_number: version },
      }),
    staleTime: version === undefined ? 10_000 : Number.POSITIVE_INFINITY,
  })

export const gridQuery = (dagId: string) =>
  infiniteQueryOptions({
    queryKey: ["dags", dagId, "grid"],
    initialPageParam: null as string | null,
    queryFn: ({ signal, pageParam }) =>
      api<DagGrid>(path`/dags/${dagId}/grid`, { signal, query: { cursor: pageParam, limit: 25 } }),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  })

export const calendarQuery = (dagId: string, year: number, timezone: string) =>
  queryOptions({
    queryKey: ["dags", dagId, "calendar", year, timezone],
    queryFn: ({ signal }) =>
      api<DagCalendar>(path`/dags/${dagId}/calendar`, { signal, query: { year, timezone } }),
  })

export const importErrorsQuery = queryOptions({
  queryKey: ["import-errors"],
  queryFn: ({ signal }) =>
    api<{
      import_errors: { import_error_id: number; timestamp: string; filename: string; stack_trace: string }[]
      total_entries: number
    }>("/importErrors", { signal, query: { limit: 100, order_by: "-timestamp" } }),
  refetchInterval: 30_000,
})

/** Runs of one DAG, or of all (`~`), the newest first, by keyset. */
export const runsQuery = (dagId: string, filter: Query = {}) =>
  infiniteQueryOptions({
    queryKey: ["dags", dagId, "run-list", filter],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      api<{ dag_runs: DagRun[]; next_cursor: string | null }>(path`/dags/${dagId}/dagRuns`, {
        signal,
        query: { ...filter, limit: 50, order_by: "-id", cursor: pageParam },
      }),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  })

export const runQuery = (name: RunName) =>
  queryOptions({
    queryKey: [...runKey(name), "run"],
    queryFn: ({ signal }) => api<DagRun>(runPath(name), { signal }),
  })

export const expansionsQuery = (name: RunName) =>
  queryOptions({
    queryKey: [...runKey(name), "expansions"],
    queryFn: ({ signal }) =>
      api<{ expansions: Expansion[]; total_entries: number }>(`${runPath(name)}/expansions`, { signal }),
  })

/** What instances of a map are asked for by. */
export interface InstanceFilter {
  readonly state?: readonly string[] | undefined
  readonly key?: string | undefined
  /** A text in its label. */
  readonly label?: string | undefined
  /** A text in its error, and the class that its error is of. */
  readonly error?: string | undefined
  readonly errorClass?: string | undefined
  /** Of these indexes: the first, and the one past the last. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

/** How many instances are read at once. */
export const instancesPageSize = 50

/** One slice of the instances of a map, as the virtual list needs it: those after an index. */
export const instanceSliceQuery = (name: TaskName, after: number) =>
  queryOptions({
    queryKey: [...taskKey(name), "instances", after],
    queryFn: ({ signal }) =>
      api<{ task_instances: TaskInstance[]; next_after: number | null }>(`${mapPath(name)}/instances`, {
        signal,
        query: { after, limit: instancesPageSize },
      }),
    // Pages that have been scrolled past go soon: of a million instances only some are ever held.
    gcTime: 20_000,
  })

export const instanceListQuery = (name: TaskName, filter: InstanceFilter) =>
  infiniteQueryOptions({
    queryKey: [...taskKey(name), "instances", filter],
    initialPageParam: (filter.from ?? -1) - 1,
    queryFn: ({ signal, pageParam }) =>
      api<{ task_instances: TaskInstance[]; next_after: number | null }>(`${mapPath(name)}/instances`, {
        signal,
        query: {
          ...{ after: pageParam, limit: instancesPageSize, state: filter.state, key: filter.key },
          ...{ label: filter.label, error: filter.error, error_class: filter.errorClass },
          to_index: filter.to === undefined ? undefined : filter.to - 1,
        },
      }),
    getNextPageParam: (last) => last.next_after ?? undefined,
    gcTime: 20_000,
  })

export const instanceQuery = (name: TaskName, mapIndex: number) =>
  queryOptions({
    queryKey: [...taskKey(name), "instance", mapIndex],
    queryFn: ({ signal }) =>
      api<TaskInstance>(`${instancesPath(name)}${mapIndex < 0 ? "" : `/${mapIndex}`}`, { signal }),
  })

/** The first instance in a state after an index. */
export const nextInStateQuery = (name: TaskName, state: string, index: number) =>
  queryOptions({
    queryKey: [...taskKey(name), "instance", index, "next", state],
    queryFn: ({ signal }) =>
      api<{ task_instances: TaskInstance[] }>(`${mapPath(name)}/instances`, {
        signal,
        query: { after: index, state: [state], limit: 1 },
      }),
  })

export const explanationQuery = (name: TaskName, mapIndex: number) =>
  queryOptions({
    queryKey: [...taskKey(name), "instance", mapIndex, "explanation"],
    queryFn: ({ signal }) =>
      api<InstanceExplanation>(`${mapPath(name)}/instances/${mapIndex}/explanation`, { signal }),
  })

export const triesQuery = (name: TaskName, mapIndex: number) =>
  queryOptions({
    queryKey: [...taskKey(name), "instance", mapIndex, "tries"],
    queryFn: ({ signal }) =>
      api<{ task_instances: TaskTry[] }>(`${instancesPath(name)}/tries`, {
        signal,
        query: { map_index: mapIndex },
      }),
  })

/** A line of a log. */
export interface LogLine {
  readonly timestamp?: string
  readonly event: string
  readonly level?: string
  readonly try_number?: number
  readonly fields?: unknown
}

export const logPath = (name: TaskName, tryNumber: number) => `${instancesPath(name)}/logs/${tryNumber}`

/** A value that an instance left. */
export interface XComEntry {
  readonly key: string
  readonly timestamp: string
  readonly map_index: number
  readonly value?: unknown
}

export const xcomsQuery = (name: TaskName, mapIndex: number) =>
  queryOptions({
    queryKey: [...taskKey(name), "instance", mapIndex, "xcoms"],
    queryFn: ({ signal }) =>
      api<{ xcom_entries: XComEntry[]; total_entries: number }>(`${instancesPath(name)}/xcomEntries`, {
        signal,
        query: { map_index: mapIndex, limit: 50 },
      }),
  })

export const xcomQuery = (name: TaskName, mapIndex: number, key: string) =>
  queryOptions({
    queryKey: [...taskKey(name), "instance", mapIndex, "xcom", key],
    queryFn: ({ signal }) =>
      api<XComEntry>(`${instancesPath(name)}${path`/xcomEntries/${key}`}`, {
        signal,
        query: { map_index: mapIndex },
      }),
  })

export const densityQuery = (name: TaskName, from: number | undefined, to: number | undefined) =>
  queryOptions({
    queryKey: [...taskKey(name), "density", from ?? null, to ?? null],
    queryFn: ({ signal }) =>
      api<Density>(`${mapPath(name)}/density`, {
        signal,
        query: { from_index: from, to_index: to, buckets: 200 },
      }),
    placeholderData: (before) => before,
    gcTime: 20_000,
  })

/** As many instances as the strip draws one by one. */
export const closeUpMax = 400

/** The instances of a short part of a map, one by one. */
export const closeUpQuery = (name: TaskName, from: number, to: number) =>
  queryOptions({
    queryKey: [...taskKey(name), "close-up", from, to],
    queryFn: ({ signal }) =>
      api<{ task_instances: TaskInstance[] }>(`${mapPath(name)}/instances`, {
        signal,
        query: { after: from - 1, limit: Math.min(closeUpMax, to - from) },
      }),
    gcTime: 20_000,
  })

export const errorClassesQuery = (name: TaskName) =>
  queryOptions({
    queryKey: [...taskKey(name), "errors"],
    queryFn: ({ signal }) => api<ErrorClasses>(`${mapPath(name)}/errors`, { signal }),
  })

/** In how many steps the chart of rates is asked for. */
const historySteps = 120

export const historyQuery = (name: TaskName) =>
  queryOptions({
    queryKey: [...taskKey(name), "history"],
    queryFn: ({ signal }) =>
      api<ExpansionHistory>(`${mapPath(name)}/history`, { signal, query: { steps: historySteps } }),
    placeholderData: (before) => before,
    gcTime: 20_000,
  })

export const pagesQuery = (name: TaskName, isOpenOnly: boolean) =>
  infiniteQueryOptions({
    queryKey: [...taskKey(name), "pages", isOpenOnly],
    initialPageParam: -2,
    queryFn: ({ signal, pageParam }) =>
      api<{ pages: ExpansionPage[]; next_after: number | null }>(`${mapPath(name)}/pages`, {
        signal,
        query: { after: pageParam, open: isOpenOnly, limit: 100 },
      }),
    getNextPageParam: (last) => last.next_after ?? undefined,
    gcTime: 20_000,
  })

export const itemQuery = (name: TaskName, mapIndex: number) =>
  queryOptions({
    queryKey: [...taskKey(name), "item", mapIndex],
    queryFn: ({ signal }) => api<{ value: unknown }>(`${mapPath(name)}/items/${mapIndex}`, { signal }),
    enabled: mapIndex >= 0,
    retry: false,
  })

export const backfillsQuery = (dagId: string) =>
  queryOptions({
    queryKey: ["dags", dagId, "backfills"],
    queryFn: ({ signal }) =>
      api<{ backfills: Backfill[]; total_entries: number }>("/backfills", {
        signal,
        query: { dag_id: dagId, order_by: "-id", limit: 50 },
      }),
    // Their runs are told live; how far a backfill is follows them.
    refetchInterval: ({ state }) =>
      state.data?.backfills.some(({ completed_at }) => completed_at === null) === true ? 2_000 : false,
  })

/** Something that was done. */
export interface EventLog {
  readonly event_log_id: number
  readonly when: string
  readonly dag_id: string | null
  readonly task_id: string | null
  readonly run_id: string | null
  readonly map_index: number | null
  readonly event: string
  readonly owner: string | null
  readonly extra: string | null
}

export const eventLogsQuery = (filter: Query) =>
  infiniteQueryOptions({
    queryKey: ["event-logs", filter],
    initialPageParam: "",
    queryFn: ({ signal, pageParam }) =>
      api<{ event_logs: EventLog[]; next_cursor?: string | null }>("/eventLogs", {
        signal,
        query: { ...filter, limit: 100, order_by: "-event_log_id", cursor: pageParam },
      }),
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  })

/** A pool as the API tells it; -1 slots: no limit. */
export interface Pool {
  readonly name: string
  readonly slots: number
  readonly description: string | null
  readonly include_deferred: boolean
  readonly occupied_slots: number
  readonly running_slots: number
  readonly scheduled_slots: number
  readonly deferred_slots: number
}

export const poolsQuery = queryOptions({
  queryKey: ["pools"],
  queryFn: ({ signal }) =>
    api<{ pools: Pool[]; total_entries: number }>("/pools", { signal, query: { limit: 100 } }),
  refetchInterval: 5_000,
})

/** What deferred instances wait for, those that wait longest first. */
export const triggersQuery = infiniteQueryOptions({
  queryKey: ["triggers"],
  initialPageParam: null as string | null,
  queryFn: ({ signal, pageParam }) =>
    api<{ triggers: WaitingTrigger[]; next_cursor: string | null }>("/triggers", {
      signal,
      query: { limit: listPageSize, cursor: pageParam },
    }),
  getNextPageParam: (last) => last.next_cursor ?? undefined,
  refetchInterval: 10_000,
})

/** Someone who may sign in. */
export interface User {
  readonly username: string
  readonly role: UserRole
  readonly created_at: string
}

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => api<{ users: User[] }>("/users", { signal, query: { limit: 1_000 } }),
})

/** A token of a program, without the token. */
export interface ApiToken {
  readonly name: string
  readonly role: UserRole
  readonly created_by: string
  readonly created_at: string
  readonly expires_at: string | null
}

export const apiTokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => api<{ tokens: ApiToken[] }>("/tokens", { signal, query: { limit: 1_000 } }),
})

export const configQuery = queryOptions({
  queryKey: ["config"],
  queryFn: ({ signal }) =>
    api<{ sections: { name: string; options: { key: string; value: string }[] }[] }>("/config", {
      signal,
      headers: { accept: "application/json" },
    }),
})

/** A list whose whole length is told, read on by offset; its rows stand under the name that its address has. */
const countedList = <Name extends string, Row>(name: Name, orderBy: string) =>
  infiniteQueryOptions({
    queryKey: [name],
    initialPageParam: 0,
    queryFn: ({ signal, pageParam }) =>
      api<Readonly<Record<Name, Row[]>> & { total_entries: number }>(`/${name}`, {
        signal,
        query: { limit: listPageSize, offset: pageParam, order_by: orderBy },
      }),
    getNextPageParam: (last, all) => {
      const seen = all.reduce((sum, page) => sum + page[name].length, 0)
      return seen < last.total_entries ? seen : undefined
    },
  })

/** A variable as the API tells it; what is secret is hidden. */
export interface Variable {
  readonly key: string
  readonly value: string
  readonly description: string | null
}

export const variablesQuery = countedList<"variables", Variable>("variables", "key")

/** A connection as the API tells it; its password is hidden. */
export interface Connection {
  readonly connection_id: string
  readonly conn_type: string
  readonly description: string | null
  readonly host: string | null
  readonly login: string | null
  readonly schema: string | null
  readonly port: number | null
  readonly password: string | null
  readonly extra: string | null
}

export const connectionsQuery = countedList<"connections", Connection>("connections", "connection_id")

/** An asset as the API tells it. */
export interface Asset {
  readonly id: number
  readonly name: string
  readonly uri: string
  readonly scheduled_dags: readonly { readonly dag_id: string }[]
  readonly producing_tasks: readonly { readonly dag_id: string; readonly task_id: string }[]
  readonly last_asset_event: { readonly timestamp: string | null } | null
}

export const assetsQuery = countedList<"assets", Asset>("assets", "name")

/** The fact that an asset changed. */
export interface AssetEvent {
  readonly id: number
  readonly name: string | null
  readonly uri: string | null
  readonly timestamp: string
  readonly source_dag_id: string | null
  readonly source_task_id: string | null
  readonly created_dagruns: readonly {
    readonly dag_id: string
    readonly run_id: string
    readonly state: string
  }[]
}

export const assetEventsQuery = queryOptions({
  queryKey: ["assets", "events"],
  queryFn: ({ signal }) =>
    api<{ asset_events: AssetEvent[]; total_entries: number }>("/assets/events", {
      signal,
      query: { limit: 30, order_by: "-timestamp" },
    }),
  refetchInterval: 10_000,
})

/** As many DAGs as are looked at for their next runs. */
const nextRunDagsMax = 100

/** DAGs that are not paused, for what comes next. */
export const nextRunsQuery = queryOptions({
  queryKey: ["dags", "next"],
  queryFn: ({ signal }) =>
    api<{ dags: Dag[]; total_entries: number }>("/dags", {
      signal,
      query: { paused: false, limit: nextRunDagsMax, order_by: "dag_id" },
    }),
  refetchInterval: 30_000,
})

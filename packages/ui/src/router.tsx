import type { QueryClient } from "@tanstack/react-query"
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router"
import { currentToken } from "./api/session.ts"
import { boundsOfDay } from "./model/calendar.ts"
import { NotFound, RouteProblem } from "./views/route-problem.tsx"
import type { InstanceSearch } from "./views/instance.tsx"
import type { RunSearch } from "./views/runs.tsx"
import type { TaskSearch } from "./views/task.tsx"
import { Shell } from "./views/shell.tsx"

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound })

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : typeof value === "number" ? String(value) : undefined
const whole = (value: unknown): number | undefined => {
  const n = typeof value === "number" || typeof value === "string" ? Number(value) : Number.NaN
  return Number.isSafeInteger(n) ? n : undefined
}
const oneOf =
  <const A extends string>(values: readonly A[]) =>
  (value: unknown): A | undefined =>
    values.find((one) => one === value)

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search): { next?: string | undefined } => ({ next: text(search["next"]) }),
  component: lazyRouteComponent(() => import("./views/login.tsx"), "Login"),
})

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: ({ location }) => {
    if (currentToken() === null) throw redirect({ to: "/login", search: { next: location.href } })
  },
  component: Shell,
})

const overview = createRoute({
  getParentRoute: () => shell,
  path: "/",
  component: lazyRouteComponent(() => import("./views/overview.tsx"), "Overview"),
})

const dags = createRoute({
  getParentRoute: () => shell,
  path: "/dags",
  validateSearch: (
    search,
  ): {
    q?: string | undefined
    tag?: string | undefined
    paused?: "yes" | "no" | undefined
    state?: string | undefined
  } => ({
    q: text(search["q"]),
    tag: text(search["tag"]),
    paused: oneOf(["yes", "no"])(search["paused"]),
    state: oneOf(["running", "queued", "success", "failed"])(search["state"]),
  }),
  component: lazyRouteComponent(() => import("./views/dags.tsx"), "Dags"),
})

/** The years that a calendar shows. */
const [yearMin, yearMax] = [1970, 9_998]

const runSearch = (search: Record<string, unknown>) => ({
  q: text(search["q"]),
  state: oneOf(["queued", "running", "success", "failed"])(search["state"]),
  type: oneOf(["manual", "scheduled", "backfill", "asset_triggered"])(search["type"]),
  day: boundsOfDay(text(search["day"]) ?? "") === null ? undefined : text(search["day"]),
})

const runs = createRoute({
  getParentRoute: () => shell,
  path: "/runs",
  validateSearch: (search): RunSearch => runSearch(search),
  component: lazyRouteComponent(() => import("./views/runs.tsx"), "Runs"),
})

const importErrors = createRoute({
  getParentRoute: () => shell,
  path: "/errors",
  component: lazyRouteComponent(() => import("./views/import-errors.tsx"), "ImportErrors"),
})

const dag = createRoute({
  getParentRoute: () => shell,
  path: "/dags/$dagId",
  component: lazyRouteComponent(() => import("./views/dag.tsx"), "DagView"),
})

const dagIndex = createRoute({
  getParentRoute: () => dag,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/dags/$dagId/grid", params, replace: true })
  },
})

const dagRuns = createRoute({
  getParentRoute: () => dag,
  path: "/runs",
  validateSearch: (search): RunSearch => runSearch(search),
  component: lazyRouteComponent(() => import("./views/dag-runs.tsx"), "DagRuns"),
})

const dagGrid = createRoute({
  getParentRoute: () => dag,
  path: "/grid",
  validateSearch: (search): { closed?: string | undefined } => ({ closed: text(search["closed"]) }),
  component: lazyRouteComponent(() => import("./views/dag-grid.tsx"), "DagGrid"),
})

const dagGraph = createRoute({
  getParentRoute: () => dag,
  path: "/graph",
  validateSearch: (search): { task?: string | undefined; closed?: string | undefined } => ({
    task: text(search["task"]),
    closed: text(search["closed"]),
  }),
  component: lazyRouteComponent(() => import("./views/dag-graph.tsx"), "DagGraph"),
})

const dagCode = createRoute({
  getParentRoute: () => dag,
  path: "/code",
  validateSearch: (search): { version?: number | undefined } => ({ version: whole(search["version"]) }),
  component: lazyRouteComponent(() => import("./views/dag-code.tsx"), "DagCode"),
})

const dagCalendar = createRoute({
  getParentRoute: () => dag,
  path: "/calendar",
  validateSearch: (search): { year?: number | undefined } => {
    const year = whole(search["year"])
    return { year: year !== undefined && year >= yearMin && year <= yearMax ? year : undefined }
  },
  component: lazyRouteComponent(() => import("./views/dag-calendar.tsx"), "DagCalendar"),
})

const dagVersions = createRoute({
  getParentRoute: () => dag,
  path: "/versions",
  validateSearch: (search): { version?: number | undefined; base?: number | undefined } => ({
    version: whole(search["version"]),
    base: whole(search["base"]),
  }),
  component: lazyRouteComponent(() => import("./views/dag-versions.tsx"), "DagVersions"),
})

const dagBackfills = createRoute({
  getParentRoute: () => dag,
  path: "/backfills",
  component: lazyRouteComponent(() => import("./views/dag-backfills.tsx"), "DagBackfills"),
})

const dagEvents = createRoute({
  getParentRoute: () => dag,
  path: "/events",
  component: lazyRouteComponent(() => import("./views/dag-events.tsx"), "DagEvents"),
})

const run = createRoute({
  getParentRoute: () => shell,
  path: "/dags/$dagId/runs/$runId",
  validateSearch: (search): { closed?: string | undefined } => ({ closed: text(search["closed"]) }),
  component: lazyRouteComponent(() => import("./views/run.tsx"), "RunView"),
})

const task = createRoute({
  getParentRoute: () => shell,
  path: "/dags/$dagId/runs/$runId/tasks/$taskId",
  validateSearch: (search): TaskSearch => ({
    tab: oneOf(["pages", "errors", "results"])(search["tab"]),
    state: text(search["state"]),
    key: text(search["key"]),
    label: text(search["label"]),
    error: text(search["error"]),
    class: text(search["class"]),
    as: oneOf(["json"])(search["as"]),
    at: whole(search["at"]),
    from: whole(search["from"]),
    to: whole(search["to"]),
  }),
  component: lazyRouteComponent(() => import("./views/task.tsx"), "TaskView"),
})

const instance = createRoute({
  getParentRoute: () => shell,
  path: "/dags/$dagId/runs/$runId/tasks/$taskId/$mapIndex",
  validateSearch: (search): InstanceSearch => ({
    try: whole(search["try"]),
    level: oneOf(["debug", "info", "warn", "error"])(search["level"]),
    q: text(search["q"]),
  }),
  component: lazyRouteComponent(() => import("./views/instance.tsx"), "InstanceView"),
})

const admin = createRoute({
  getParentRoute: () => shell,
  path: "/admin",
  component: lazyRouteComponent(() => import("./views/admin.tsx"), "Admin"),
})

const adminIndex = createRoute({
  getParentRoute: () => admin,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/admin/health", replace: true })
  },
})

const adminHealth = createRoute({
  getParentRoute: () => admin,
  path: "/health",
  component: lazyRouteComponent(() => import("./views/admin-health.tsx"), "AdminHealth"),
})

const adminTriggers = createRoute({
  getParentRoute: () => admin,
  path: "/triggers",
  component: lazyRouteComponent(() => import("./views/admin-triggers.tsx"), "AdminTriggers"),
})

const adminPools = createRoute({
  getParentRoute: () => admin,
  path: "/pools",
  component: lazyRouteComponent(() => import("./views/admin-pools.tsx"), "AdminPools"),
})

const adminUsers = createRoute({
  getParentRoute: () => admin,
  path: "/users",
  component: lazyRouteComponent(() => import("./views/admin-users.tsx"), "AdminUsers"),
})

const adminTokens = createRoute({
  getParentRoute: () => admin,
  path: "/tokens",
  component: lazyRouteComponent(() => import("./views/admin-tokens.tsx"), "AdminTokens"),
})

const adminConfig = createRoute({
  getParentRoute: () => admin,
  path: "/config",
  component: lazyRouteComponent(() => import("./views/admin-config.tsx"), "AdminConfig"),
})

const adminVariables = createRoute({
  getParentRoute: () => admin,
  path: "/variables",
  component: lazyRouteComponent(() => import("./views/admin-variables.tsx"), "AdminVariables"),
})

const adminConnections = createRoute({
  getParentRoute: () => admin,
  path: "/connections",
  component: lazyRouteComponent(() => import("./views/admin-connections.tsx"), "AdminConnections"),
})

const assets = createRoute({
  getParentRoute: () => shell,
  path: "/assets",
  component: lazyRouteComponent(() => import("./views/assets.tsx"), "Assets"),
})

const adminAudit = createRoute({
  getParentRoute: () => admin,
  path: "/audit",
  validateSearch: (
    search,
  ): { who?: string | undefined; event?: string | undefined; dag?: string | undefined } => ({
    who: text(search["who"]),
    event: text(search["event"]),
    dag: text(search["dag"]),
  }),
  component: lazyRouteComponent(() => import("./views/admin-audit.tsx"), "AdminAudit"),
})

const tree = root.addChildren([
  login,
  shell.addChildren([
    overview,
    assets,
    dags,
    runs,
    importErrors,
    dag.addChildren([
      dagIndex,
      dagGrid,
      dagGraph,
      dagRuns,
      dagCalendar,
      dagCode,
      dagVersions,
      dagBackfills,
      dagEvents,
    ]),
    run,
    task,
    instance,
    admin.addChildren([
      adminIndex,
      adminHealth,
      adminPools,
      adminTriggers,
      adminVariables,
      adminConnections,
      adminUsers,
      adminTokens,
      adminAudit,
      adminConfig,
    ]),
  ]),
])

/** Makes the router: an address for each state of each view. */
export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultErrorComponent: ({ error }) => (
      <RouteProblem error={error instanceof Error ? error : new Error(String(error))} />
    ),
    defaultNotFoundComponent: NotFound,
  })
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}

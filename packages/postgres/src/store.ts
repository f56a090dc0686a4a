/**
 * The Store port over Postgres: each verb is one function of `sql/`, lifted into Effect, its driver errors mapped.
 * Nothing is decided here.
 *
 * Hot verbs run on connections with the planner's guards set (see `client.ts`), the others on plain ones, so that a
 * long list cannot take a worker's connection.
 */
import { Effect } from "effect"
import type { DagRunRow, ExpansionProgress, StoreService, Wakeups } from "@sluice/core/store"
import { DuplicateDagRun, LeaseLost, NotFound, TooManyItems } from "@sluice/core/store"
import { expansionTransitions } from "@sluice/core/state"
import type { Client } from "./client.ts"
import { assetVerbs } from "./asset-verbs.ts"
import { backfillVerbs } from "./backfill-verbs.ts"
import { dagFileVerbs } from "./dag-file-verbs.ts"
import { dagVerbs } from "./dag-verbs.ts"
import { catalogVerbs } from "./catalog-verbs.ts"
import { vaultVerbs } from "./vault-verbs.ts"
import { eventVerbs } from "./event-verbs.ts"
import { identityVerbs } from "./identity-verbs.ts"
import { controlVerbs } from "./control-verbs.ts"
import { selectLiveCounts } from "./sql/live.ts"
import { parseVerbs } from "./parse-verbs.ts"
import { poolVerbs } from "./pool-verbs.ts"
import { pruneVerbs, retentionVerbs } from "./prune-verbs.ts"
import { triggerVerbs } from "./trigger-verbs.ts"
import { plannerVerbs } from "./planner-verbs.ts"
import { call, failure, orLost, orNotFound } from "./store-call.ts"
import * as claims from "./sql/claim.ts"
import * as runs from "./sql/dag-run.ts"
import * as definitions from "./sql/definition.ts"
import * as expansions from "./sql/expansion.ts"
import * as leases from "./sql/lease.ts"
import * as logs from "./sql/log.ts"
import * as redrives from "./sql/redrive.ts"
import * as repairs from "./sql/repair.ts"
import * as reopening from "./sql/reopen.ts"
import * as roles from "./sql/role.ts"
import { toNumber } from "./sql/row.ts"
import * as rows from "./sql/rows.ts"
import * as scheduling from "./sql/scheduling.ts"
import * as streams from "./sql/stream.ts"
import * as views from "./sql/view.ts"
import { selectDeferrals, selectInstanceWait } from "./sql/wait.ts"

/** The connections a store works with. */
export interface StoreClients {
  /** For claim, complete, commit, fold: see `ClientOptions.hot`. */
  readonly hot: Client
  readonly cold: Client
}

/** Makes the Store over Postgres. */
export function makePostgresStore(clients: StoreClients, wakeups: Wakeups): StoreService {
  return {
    ...definitionVerbs(clients.cold),
    ...dagFileVerbs(clients.cold),
    ...parseVerbs(clients.cold),
    ...dagVerbs(clients.cold),
    ...assetVerbs(clients.cold),
    ...plannerVerbs(clients.cold),
    ...backfillVerbs(clients.cold),
    ...runVerbs(clients.cold),
    ...pullVerbs(clients.hot),
    ...schedulingVerbs(clients.hot),
    ...leaseVerbs(clients.hot),
    ...redriveVerbs(clients),
    ...triggerVerbs(clients.hot),
    ...readVerbs(clients.cold),
    ...identityVerbs(clients.cold),
    liveCounts: call(clients.cold, "liveCounts", selectLiveCounts),
    instanceWait: (options) => call(clients.cold, "instanceWait", (sql) => selectInstanceWait(sql, options)),
    listDeferrals: (options) => call(clients.cold, "listDeferrals", (sql) => selectDeferrals(sql, options)),
    ...poolVerbs(clients.cold),
    ...pruneVerbs(clients.hot),
    ...retentionVerbs(clients.hot),
    ...catalogVerbs(clients.cold),
    ...eventVerbs(clients.cold),
    ...vaultVerbs(clients.cold),
    ...controlVerbs(clients.cold),
    wake: (topic, about) => wakeups.wake(topic, about),
    onWake: (topic, listener) => wakeups.onWake(topic, listener),
  }
}

type Verbs<K extends keyof StoreService> = Pick<StoreService, K>

function definitionVerbs(client: Client): Verbs<"registerDag" | "loadBundle" | "dagVersion"> {
  return {
    registerDag: ({ dag, bundle }) =>
      call(client, "registerDag", async (sql) => {
        await definitions.insertBundle(sql, bundle)
        const version = await definitions.upsertDagVersion(sql, { dag, bundleHash: bundle.hash })
        await definitions.makeNewest(sql, { dagId: dag.dagId, dagVersionId: version.dagVersionId })
        return version
      }),
    loadBundle: (hash) =>
      call(client, "loadBundle", (sql) => definitions.selectBundle(sql, hash)).pipe(
        orNotFound("bundle", hash),
      ),
    dagVersion: (id) =>
      call(client, "dagVersion", (sql) => definitions.selectDagVersion(sql, id)).pipe(
        orNotFound("dag version", id),
      ),
  }
}

function runVerbs(
  client: Client,
): Verbs<
  | "createDagRun"
  | "dagRun"
  | "dagRunById"
  | "listDagRuns"
  | "cancelDagRun"
  | "resumeDagRun"
  | "runCounts"
  | "finishDagRun"
  | "stalledRuns"
> {
  return {
    createDagRun: (options) =>
      call(client, "createDagRun", async (sql) => {
        const run = await runs.insertDagRun(sql, options)
        return run ?? ((await runs.dagExists(sql, options.dagId)) ? "duplicate" : "unknown")
      }).pipe(
        Effect.flatMap((run): Effect.Effect<DagRunRow, DuplicateDagRun | NotFound> => {
          if (run === "unknown") return Effect.fail(new NotFound({ what: "DAG", id: options.dagId }))
          if (run === "duplicate")
            return Effect.fail(new DuplicateDagRun({ dagId: options.dagId, runId: options.runId }))
          return Effect.succeed(run)
        }),
      ),
    dagRun: (options) =>
      call(client, "dagRun", (sql) => runs.selectDagRun(sql, options)).pipe(
        orNotFound("run", `${options.dagId}/${options.runId}`),
      ),
    dagRunById: (id) =>
      call(client, "dagRunById", (sql) => runs.selectDagRunById(sql, id)).pipe(orNotFound("run", id)),
    listDagRuns: (options) => call(client, "listDagRuns", (sql) => runs.selectDagRuns(sql, options)),
    cancelDagRun: (options) => call(client, "cancelDagRun", (sql) => runs.cancelDagRun(sql, options)),
    resumeDagRun: (options) => call(client, "resumeDagRun", (sql) => runs.resumeDagRun(sql, options)),
    runCounts: (id) => call(client, "runCounts", (sql) => runs.selectRunCounts(sql, id)),
    finishDagRun: (options) => call(client, "finishDagRun", (sql) => runs.finishDagRun(sql, options)),
    stalledRuns: ({ limit }) => call(client, "stalledRuns", (sql) => runs.selectStalledRuns(sql, limit)),
  }
}

function pullVerbs(
  client: Client,
): Verbs<
  | "leaseExpansions"
  | "renewExpansions"
  | "releaseExpansions"
  | "progress"
  | "commitPage"
  | "delayPull"
  | "breakStream"
  | "readStream"
> {
  const lost = (id: string) => new LeaseLost({ held: "expansion", id })
  return {
    leaseExpansions: (options) =>
      call(client, "leaseExpansions", (sql) => expansions.leaseExpansions(sql, options)),
    renewExpansions: ({ runnerId, held, leaseSeconds }) =>
      call(client, "renewExpansions", (sql) =>
        expansions.renewExpansions(sql, { runnerId, leaseSeconds, ...columnsOf(held) }),
      ),
    releaseExpansions: ({ runnerId, held }) =>
      call(client, "releaseExpansions", (sql) =>
        expansions.releaseExpansions(sql, { runnerId, ...columnsOf(held) }),
      ),
    progress: (id) =>
      call(client, "progress", (sql) => expansions.selectProgress(sql, id)).pipe(
        Effect.flatMap((row) =>
          row === null
            ? Effect.fail(failure("progress", `expansion ${id} does not exist`))
            : Effect.succeed(rows.toProgress(row)),
        ),
      ),
    commitPage: (options) =>
      call(client, "commitPage", (sql) =>
        expansions.commitPage(sql, {
          ...options,
          gapPositions: options.gaps.map((gap) => gap.position),
          gapStates: options.gaps.map((gap) => gap.state),
          gapOrigins: options.gaps.map((gap) => gap.origin ?? null),
          consumedOrdinals: options.consumed.map((taken) => taken.ordinal),
          consumedIndexes: options.consumed.map((taken) => taken.index),
        }),
      ).pipe(
        Effect.flatMap(
          ({ progress, tooMany }): Effect.Effect<ExpansionProgress, LeaseLost | TooManyItems> => {
            if (tooMany !== null) return Effect.fail(new TooManyItems(tooMany))
            if (progress === null) return Effect.fail(lost(options.expansionId))
            return Effect.succeed(rows.toProgress(progress))
          },
        ),
      ),
    delayPull: (options) =>
      call(client, "delayPull", (sql) => expansions.delayPull(sql, options)).pipe(
        orLost(lost(options.expansionId)),
      ),
    breakStream: (options) =>
      call(client, "breakStream", (sql) => expansions.breakStream(sql, options)).pipe(
        orLost(lost(options.expansionId)),
      ),
    readStream: (options) => call(client, "readStream", (sql) => streams.readStream(sql, options)),
  }
}

function schedulingVerbs(client: Client): Verbs<"fold" | "dueExpansions" | "decideExpansion"> {
  return {
    fold: (options) => call(client, "fold", (sql) => scheduling.fold(sql, options)),
    dueExpansions: ({ limit }) =>
      call(client, "dueExpansions", (sql) => scheduling.selectDue(sql, limit)).pipe(
        Effect.map((due) => due.map(rows.toDue)),
      ),
    decideExpansion: ({ to, ...options }) =>
      call(client, "decideExpansion", async (sql) => {
        if (to === null) return { isDone: await scheduling.noteSeen(sql, options), isAwaited: false }
        const mayFollow: readonly string[] = expansionTransitions[options.from]
        if (!mayFollow.includes(to) || to === "waiting") {
          throw new Error(`an expansion does not go from ${options.from} to ${to}`)
        }
        return to === "open" || to === "draining"
          ? { isDone: await scheduling.startExpansion(sql, { ...options, to }), isAwaited: false }
          : scheduling.endExpansion(sql, { ...options, to })
      }),
  }
}

function leaseVerbs(
  client: Client,
): Verbs<
  "claim" | "complete" | "renew" | "release" | "rescue" | "rescueDead" | "forgetWorker" | "appendLogs"
> {
  return {
    claim: (options) =>
      call(client, "claim", async (sql) => {
        const { sizes, held, ...rest } = options
        const claimed = await claims.claim(sql, {
          ...rest,
          sizeIds: sizes.map((size) => size.expansionId),
          sizes: sizes.map((size) => size.size),
          heldIds: held.map(({ expansionId }) => expansionId),
          held: held.map(({ leases }) => leases),
        })
        return { leases: claimed.leases.map(rows.toLease), past: claimed.past }
      }),
    complete: (options) =>
      call(client, "complete", (sql) =>
        options.indexes === null
          ? leases.completeWhole(sql, options)
          : leases.completePart(sql, {
              ...options,
              indexes: options.indexes,
              startedMs: options.timings?.startedMs ?? [],
              endedMs: options.timings?.endedMs ?? [],
            }),
      ).pipe(
        Effect.flatMap((row) =>
          row === null
            ? Effect.fail(new LeaseLost({ held: "lease", id: options.leaseId }))
            : Effect.succeed(row),
        ),
      ),
    renew: (options) => call(client, "renew", (sql) => leases.renew(sql, options)),
    release: (options) => call(client, "release", (sql) => leases.release(sql, options)),
    rescue: ({ limit }) => call(client, "rescue", (sql) => leases.rescue(sql, limit)),
    rescueDead: (options) => call(client, "rescueDead", (sql) => roles.rescueDead(sql, options)),
    forgetWorker: ({ workerId }) => call(client, "forgetWorker", (sql) => leases.forgetWorker(sql, workerId)),
    appendLogs: (options) => call(client, "appendLogs", (sql) => logs.insertLogs(sql, options)),
  }
}

/** What touches instances goes over hot connections, where the planner keeps to the indexes. */
function redriveVerbs({
  hot,
  cold,
}: StoreClients): Verbs<
  | "redriveInstances"
  | "reopenRun"
  | "extendStreams"
  | "clearPages"
  | "mapsToRepair"
  | "resolveRepairs"
  | "takeRepairs"
  | "settleRepair"
  | "followingIndexes"
> {
  return {
    redriveInstances: (options) =>
      call(hot, "redriveInstances", (sql) => redrives.redriveInstances(sql, options)),
    reopenRun: (options) => call(cold, "reopenRun", (sql) => reopening.reopenRun(sql, options)),
    extendStreams: (options) => call(cold, "extendStreams", (sql) => reopening.extendStreams(sql, options)),
    clearPages: ({ limit }) => call(hot, "clearPages", (sql) => reopening.clearPages(sql, limit)),
    mapsToRepair: (options) => call(hot, "mapsToRepair", (sql) => repairs.selectMapsToRepair(sql, options)),
    resolveRepairs: (options) => call(hot, "resolveRepairs", (sql) => repairs.resolveRepairs(sql, options)),
    takeRepairs: (options) =>
      call(hot, "takeRepairs", (sql) => repairs.takeRepairs(sql, options)).pipe(
        Effect.map((taken) => ({
          repairs: taken.map(repairs.toRepair).filter((repair) => repair !== null),
          seen: taken.length,
        })),
      ),
    settleRepair: (options) => call(hot, "settleRepair", (sql) => repairs.settleRepair(sql, options)),
    followingIndexes: (options) =>
      call(hot, "followingIndexes", (sql) => repairs.selectFollowing(sql, options)),
  }
}

function readVerbs(
  client: Client,
): Verbs<
  | "expansionsOfRun"
  | "listTaskInstances"
  | "listPages"
  | "pagesAt"
  | "itemAt"
  | "instanceByKey"
  | "xcom"
  | "taskTries"
  | "readLogs"
  | "heartbeat"
  | "endRole"
  | "listRoles"
> {
  return {
    expansionsOfRun: (id) =>
      call(client, "expansionsOfRun", (sql) => views.selectExpansions(sql, id)).pipe(
        Effect.map((all) => all.map(rows.toExpansionView)),
      ),
    listTaskInstances: (options) =>
      call(client, "listTaskInstances", (sql) => views.selectTaskInstances(sql, options)).pipe(
        Effect.map((all) => all.map(rows.toInstance)),
      ),
    listPages: (options) =>
      call(client, "listPages", (sql) => views.selectPages(sql, options)).pipe(
        Effect.map((all) => all.map((row) => ({ ...row, firstIndex: toNumber(row.firstIndex) }))),
      ),
    pagesAt: (options) =>
      call(client, "pagesAt", (sql) => views.selectPagesAt(sql, options)).pipe(
        Effect.map((all) => all.map((row) => ({ ...row, firstIndex: toNumber(row.firstIndex) }))),
      ),
    itemAt: (options) =>
      call(client, "itemAt", (sql) => views.selectItemAt(sql, options)).pipe(
        orNotFound("item", `${options.expansionId}[${options.mapIndex}]`),
      ),
    instanceByKey: (options) =>
      call(client, "instanceByKey", (sql) => views.selectInstanceByKey(sql, options)).pipe(
        Effect.map((row) => (row === null ? null : rows.toInstance(row))),
        orNotFound("key", options.key),
      ),
    xcom: (options) =>
      call(client, "xcom", (sql) => views.selectXCom(sql, options)).pipe(
        orNotFound("XCom", `${options.expansionId}[${options.mapIndex}].${options.key}`),
      ),
    taskTries: (options) => call(client, "taskTries", (sql) => logs.selectTaskTries(sql, options)),
    readLogs: (options) => call(client, "readLogs", (sql) => logs.selectLogs(sql, options)),
    heartbeat: (options) => call(client, "heartbeat", (sql) => roles.upsertHeartbeat(sql, options)),
    endRole: (id) => call(client, "endRole", (sql) => roles.deleteRole(sql, id)),
    listRoles: ({ limit }) => call(client, "listRoles", (sql) => roles.selectRoles(sql, limit)),
  }
}

function columnsOf(held: readonly { expansionId: string; epoch: number }[]) {
  return { expansionIds: held.map((one) => one.expansionId), epochs: held.map((one) => one.epoch) }
}

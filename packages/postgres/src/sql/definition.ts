import { createHash } from "node:crypto"
import type { SerializedDag } from "@sluice/core/dag"
import { type Bundle, type CapturedValues, codeHashOf } from "@sluice/core/host"
import type { Sql } from "./row.ts"

/**
 * Stores a bundle's bytes under its hash; a known hash writes nothing. Its code is stored once, whatever was captured
 * with it.
 */
export async function insertBundle(sql: Sql, bundle: Bundle): Promise<void> {
  const codeHash = codeHashOf(bundle.hash)
  const hasCaptured = bundle.captured !== undefined
  await sql`
    with code as (
      insert into bundle (hash, code, source_map)
      values (${hasCaptured ? codeHash : bundle.hash}, ${bundle.code}, ${bundle.sourceMap})
      on conflict (hash) do nothing
    )
    insert into bundle (hash, code_hash, captured)
    select ${bundle.hash}, ${codeHash}, ${JSON.stringify(bundle.captured ?? null)}::text::json
    where ${hasCaptured}::boolean
    on conflict (hash) do nothing
  `
}

/** Reads a bundle by its hash. */
export async function selectBundle(sql: Sql, hash: string): Promise<Bundle | null> {
  const rows = await sql<(Omit<Bundle, "captured"> & { captured: CapturedValues | null })[]>`
    select bundle.hash, coalesce(bundle.code, code.code) as code, coalesce(bundle.source_map, code.source_map) as source_map,
      bundle.captured
    from bundle
    left join bundle code on code.hash = bundle.code_hash
    where bundle.hash = ${hash}
  `
  const [row] = rows
  if (row === undefined) return null
  const { captured, ...bundle } = row
  return captured === null ? bundle : { ...bundle, captured }
}

/** A version that is stored, and whether it was before. */
export interface StoredVersion {
  readonly dagVersionId: string
  readonly versionNumber: number
  readonly isNew: boolean
}

/** Makes a stored version the newest of its DAG, which is in use again. */
export async function makeNewest(sql: Sql, options: { dagId: string; dagVersionId: string }): Promise<void> {
  await sql`
    update dag set latest_version_id = ${options.dagVersionId}, is_stale = false
    where dag_id = ${options.dagId} and (latest_version_id is distinct from ${options.dagVersionId} or is_stale)
  `
}

/**
 * Stores a DAG version with its tasks and edges; the version with this hash, if there is one, is given back untouched.
 * No run is made of it before it is made the newest.
 *
 * The row of `dag` is locked first, so two who register at once number their versions one after the other.
 */
export async function upsertDagVersion(
  sql: Sql,
  options: { dag: SerializedDag; bundleHash: string },
): Promise<StoredVersion> {
  const { dag, bundleHash } = options
  const serialized = JSON.stringify(dag)
  const hash = createHash("sha256").update(bundleHash).update("\n").update(serialized).digest("hex")
  const rows = await sql<{ id: string; versionNumber: number; isNew: boolean }[]>`
    with owner as (
      insert into dag (dag_id) values (${dag.dagId})
      on conflict (dag_id) do update set dag_id = excluded.dag_id
      returning dag_id
    ), known as (
      select id, version_number from dag_version where dag_id = ${dag.dagId} and hash = ${hash}
    ), made as (
      insert into dag_version (
        dag_id, version_number, hash, bundle_hash, serialized, description, schedule, tags, planning,
        has_concurrency_limits
      )
      select
        owner.dag_id,
        1 + coalesce((select max(version_number) from dag_version where dag_id = ${dag.dagId}), 0),
        ${hash}, ${bundleHash}, ${serialized}::text::json, ${dag.description}, ${dag.schedule},
        ${[...dag.tags]}::text[], ${JSON.stringify(dag.planning)}::text::json,
        ${dag.tasks.some((task) => task.concurrency !== null)}
      from owner
      where not exists (select from known)
      -- Whoever waited for another to register sees an old snapshot: nothing is made, and it looks again.
      on conflict do nothing
      returning id, version_number
    ), tasks as (
      insert into task (
        dag_version_id, ordinal, task_id, kind, trigger_rule, priority, concurrency, dag_concurrency, deferred_max, pool, pool_slots,
        window_size, page_size, page_bytes_max, max_items, is_paused, tolerated_failures, gate,
        gates_above, decides_run, outlets, options
      )
      select
        made.id, (t->>'ordinal')::int, t->>'taskId', (t->>'kind')::task_kind, t->>'triggerRule',
        (t->>'weight')::int, (t->>'concurrency')::int, (t->>'dagConcurrency')::int, (t->>'deferredMax')::int, t->>'pool', (t->>'poolSlots')::int,
        (t->'mapping'->>'window')::int,
        (t->'mapping'->>'pageSize')::int, (t->'mapping'->>'pageBytesMax')::bigint,
        (t->'mapping'->>'maxItems')::bigint, coalesce((t->'mapping'->>'paused')::boolean, false),
        (t->'mapping'->>'toleratedFailures')::json, (t->>'gate')::json, (t->>'gatesAbove')::int, (t->>'decidesRun')::boolean,
        array(select json_array_elements_text(t->'outlets')), t
      from made, json_array_elements(${serialized}::text::json->'tasks') t
    ), targets as (
      insert into gate_target (dag_version_id, gate, target)
      select made.id, (t->>'ordinal')::int, target::int
      from made
      cross join json_array_elements(${serialized}::text::json->'tasks') t
      cross join json_array_elements_text(t->'gate'->'targets') target
      where t->>'gate' is not null
    ), edges as (
      insert into edge (dag_version_id, upstream, downstream, kind, holds_back, is_setup, is_teardown)
      select made.id, u.ordinal, d.ordinal, e->>'kind', (e->>'holdsBack')::boolean,
        u.setup_teardown is not distinct from 'setup', d.setup_teardown is not distinct from 'teardown'
      from made
      cross join json_array_elements(${serialized}::text::json->'edges') e
      join (
        select t->>'taskId' as task_id, (t->>'ordinal')::int as ordinal, t->>'setupTeardown' as setup_teardown
        from json_array_elements(${serialized}::text::json->'tasks') t
      ) u on u.task_id = e->>'upstream'
      join (
        select t->>'taskId' as task_id, (t->>'ordinal')::int as ordinal, t->>'setupTeardown' as setup_teardown
        from json_array_elements(${serialized}::text::json->'tasks') t
      ) d on d.task_id = e->>'downstream'
    )
    select id, version_number, true as is_new from made
    union all
    select id, version_number, false from known
  `
  const row = rows[0]
  if (row === undefined) return upsertDagVersion(sql, options)
  return { dagVersionId: row.id, versionNumber: row.versionNumber, isNew: row.isNew }
}

/** A stored DAG version, or null. */
export async function selectDagVersion(
  sql: Sql,
  dagVersionId: string,
): Promise<{
  id: string
  dagId: string
  versionNumber: number
  bundleHash: string
  dag: SerializedDag
  createdAt: Date
} | null> {
  const rows = await sql<
    {
      id: string
      dagId: string
      versionNumber: number
      bundleHash: string
      dag: SerializedDag
      createdAt: Date
    }[]
  >`
    select id, dag_id, version_number, bundle_hash, serialized as dag, created_at
    from dag_version
    where id = ${dagVersionId}
  `
  return rows[0] ?? null
}

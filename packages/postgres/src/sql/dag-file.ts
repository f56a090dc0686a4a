import type { TaskError } from "@sluice/core/host"
import type { DagFileKey, DagFileRow, OwnedDag } from "@sluice/core/store"
import type { Sql } from "./row.ts"

/**
 * Makes stored versions the newest of their DAGs and the file their owner, in one statement; gives back the DAGs that
 * another file owns, and then has written nothing.
 *
 * The rows of the DAGs are locked first, so of two files that define the same one exactly one gets it.
 */
export async function publishVersions(
  sql: Sql,
  options: {
    file: DagFileKey
    bundleHash: string
    dagIds: readonly string[]
    versionIds: readonly string[]
  },
): Promise<OwnedDag[]> {
  const { folder, path } = options.file
  const dagIds = [...options.dagIds]
  return sql<OwnedDag[]>`
    with wanted as materialized (
      select dag.dag_id, dag.file_folder, dag.file_path, dag.is_stale, w.version_id
      from unnest(${dagIds}::text[], ${[...options.versionIds]}::bigint[]) as w (dag_id, version_id)
      join dag on dag.dag_id = w.dag_id
      order by dag.dag_id
      for update of dag
    ), owned as materialized (
      select dag_id, file_folder, file_path from wanted
      where not is_stale and (file_folder, file_path) <> (${folder}, ${path})
    ), file as (
      insert into dag_file (folder, path, bundle_hash, dag_ids)
      select ${folder}, ${path}, ${options.bundleHash}, ${dagIds}::text[]
      where not exists (select from owned)
      on conflict (folder, path) do update
      set bundle_hash = excluded.bundle_hash, dag_ids = excluded.dag_ids, import_error = null, changed_at = now()
      where dag_file.bundle_hash is distinct from excluded.bundle_hash or dag_file.dag_ids <> excluded.dag_ids
        or dag_file.import_error is not null
    ), published as (
      update dag
      set latest_version_id = wanted.version_id, file_folder = ${folder}, file_path = ${path}, is_stale = false
      from wanted
      where dag.dag_id = wanted.dag_id and not exists (select from owned)
        and (dag.latest_version_id, dag.file_folder, dag.file_path, dag.is_stale)
          is distinct from (wanted.version_id, ${folder}, ${path}, false)
    ), gone as (
      update dag set is_stale = true
      where file_folder = ${folder} and file_path = ${path} and not is_stale and dag_id <> all(${dagIds}::text[])
        and not exists (select from owned)
    )
    select dag_id, file_folder as folder, file_path as path from owned order by dag_id
  `
}

/** The versions that count of DAGs that a file defines, of some of them. */
export function selectVersionsInUse(
  sql: Sql,
  options: { file: DagFileKey; dagIds: readonly string[] },
): Promise<{ dagId: string; dagVersionId: string }[]> {
  const { file, dagIds } = options
  return sql`
    select dag_id, latest_version_id as dag_version_id from dag
    where dag_id = any(${[...dagIds]}::text[]) and not is_stale
      and (file_folder, file_path) = (${file.folder}, ${file.path})
  `
}

/** Keeps why a file cannot be used; the same reason again writes nothing. */
export async function upsertImportError(
  sql: Sql,
  options: { file: DagFileKey; error: TaskError },
): Promise<void> {
  await sql`
    insert into dag_file (folder, path, dag_ids, import_error)
    values (${options.file.folder}, ${options.file.path}, '{}', ${JSON.stringify(options.error)}::text::json)
    on conflict (folder, path) do update
    set import_error = excluded.import_error, changed_at = now()
    where dag_file.import_error::text is distinct from excluded.import_error::text
  `
}

/** Forgets files, and marks their DAGs as stale; gives back which. */
export async function deleteDagFiles(
  sql: Sql,
  options: { folder: string; paths: readonly string[] },
): Promise<string[]> {
  const paths = [...options.paths]
  const rows = await sql<{ dagId: string }[]>`
    with gone as (
      delete from dag_file where folder = ${options.folder} and path = any(${paths}::text[])
    )
    update dag set is_stale = true
    where file_folder = ${options.folder} and file_path = any(${paths}::text[]) and not is_stale
    returning dag_id
  `
  return rows.map((row) => row.dagId).toSorted()
}

/** Files in the order of their keys. */
export function selectDagFiles(
  sql: Sql,
  options: { folder?: string; path?: string; onlyErrors?: boolean; after: DagFileKey | null; limit: number },
): Promise<DagFileRow[]> {
  const { folder, path, after } = options
  return sql<DagFileRow[]>`
    select folder, path, bundle_hash, dag_ids, import_error, changed_at
    from dag_file
    where true
      ${folder === undefined ? sql`` : sql`and folder = ${folder}`}
      ${path === undefined ? sql`` : sql`and path = ${path}`}
      ${options.onlyErrors === true ? sql`and import_error is not null` : sql``}
      ${after === null ? sql`` : sql`and (folder, path) > (${after.folder}, ${after.path})`}
    order by folder, path
    limit ${options.limit}
  `
}

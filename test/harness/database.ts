import { createClient } from "@sluice/postgres"
import { onTestFinished } from "vitest"

/** Asks the database of a test past the store. */
export interface Database {
  query<Row extends object>(use: (sql: Sql) => PromiseLike<readonly Row[]>): Promise<readonly Row[]>
}

type Client = ReturnType<typeof createClient>
type Sql = Parameters<Parameters<Client["run"]>[1]>[0]

/** Connects to a database until the test has finished. */
export function openDatabase(url: string): Database {
  const client = createClient({ url, max: 2, applicationName: "sluice test observer" })
  onTestFinished(() => client.close())
  return { query: (use) => client.run("test", (sql) => Promise.resolve(use(sql))) }
}

/** What has been read and kept in a database so far: of it alone, whatever else runs on its server. */
export async function usage(database: Database): Promise<{ storedBytes: number; readBlocks: number }> {
  const [row] = await database.query<{ stored: string; read: string }>(
    (sql) => sql`
    select
      (select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and relnamespace = 'sluice'::regnamespace) as stored,
      (
        select sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0)
          + coalesce(toast_blks_hit + toast_blks_read + tidx_blks_hit + tidx_blks_read, 0))
        from pg_statio_user_tables
      ) as read
  `,
  )
  return { storedBytes: Number(row?.stored ?? 0), readBlocks: Number(row?.read ?? 0) }
}

import postgres from "postgres"

/** What the table holds. */
export interface TableCounts {
  readonly rows: number
  readonly population: number
  /** Writes beyond the first of a city: instances that ran again because something was killed. */
  readonly rewritten: number
}

/** Makes the table of the demo; rows of runs that are not kept go. */
export async function prepareTable(url: string, options: { keptRuns: readonly string[] }): Promise<void> {
  await withSql(url, async (sql) => {
    await sql`create schema if not exists demo`
    await sql`
      create table if not exists demo.city (
        run_id text not null,
        id bigint not null,
        name text not null,
        country text not null,
        population bigint not null,
        latitude double precision not null,
        writes int not null default 1,
        primary key (run_id, id)
      )
    `
    if (options.keptRuns.length === 0) await sql`truncate demo.city`
    else await sql`delete from demo.city where run_id <> all(${[...options.keptRuns]}::text[])`
  })
}

/** Counts what a run has left in the table. The city's id is in its key, so none can be there twice. */
export async function countTable(url: string, runId: string): Promise<TableCounts> {
  return withSql(url, async (sql) => {
    const [row] = await sql<{ rows: string; population: string; rewritten: string }[]>`
      select count(*) as rows, coalesce(sum(population), 0) as population, coalesce(sum(writes - 1), 0) as rewritten
      from demo.city
      where run_id = ${runId}
    `
    return {
      rows: Number(row?.rows ?? 0),
      population: Number(row?.population ?? 0),
      rewritten: Number(row?.rewritten ?? 0),
    }
  })
}

async function withSql<A>(url: string, use: (sql: postgres.Sql) => Promise<A>): Promise<A> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await use(sql)
  } finally {
    await sql.end()
  }
}

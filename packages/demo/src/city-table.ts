import postgres from "postgres"

/** What the table holds. */
export interface TableCounts {
  readonly rows: number
  readonly population: number
  /** Writes beyond the first of a city: instances that ran again because something was killed. */
  readonly rewritten: number
}

/** Makes the table of the demo, empty unless a run goes on. */
export async function prepareTable(url: string, options: { keepRows: boolean }): Promise<void> {
  await withSql(url, async (sql) => {
    await sql`create schema if not exists demo`
    await sql`
      create table if not exists demo.city (
        id bigint primary key,
        name text not null,
        country text not null,
        population bigint not null,
        latitude double precision not null,
        writes int not null default 1
      )
    `
    if (!options.keepRows) await sql`truncate demo.city`
  })
}

/** Counts what is in the table. The id is its key, so no city can be there twice. */
export async function countTable(url: string): Promise<TableCounts> {
  return withSql(url, async (sql) => {
    const [row] = await sql<{ rows: string; population: string; rewritten: string }[]>`
      select count(*) as rows, coalesce(sum(population), 0) as population, coalesce(sum(writes - 1), 0) as rewritten
      from demo.city
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

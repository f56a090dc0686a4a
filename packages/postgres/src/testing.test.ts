import { spawn } from "node:child_process"
import { expect, it } from "vitest"
import { createClient, type Sql } from "./client.ts"
import { readMigrations } from "./migrate.ts"
import { testDatabase } from "./testing.ts"

async function query<T>(url: string, use: (sql: Sql) => Promise<T>): Promise<T> {
  const client = createClient({ url, max: 1, applicationName: "testing test" })
  try {
    return await client.run("query", use)
  } finally {
    await client.close()
  }
}

it("gives each caller a migrated database of its own", async () => {
  const first = await testDatabase()
  const second = await testDatabase()
  expect(first.url).not.toBe(second.url)
  const [row] = await query(second.url, (sql) => sql`select count(*)::int as count from sluice_migration`)
  expect(row).toEqual({ count: readMigrations().length })
  await query(first.url, (sql) => sql`create table mine ()`)
  expect(await query(second.url, (sql) => sql`select to_regclass('mine') as mine`)).toEqual([{ mine: null }])
  await Promise.all([first.drop(), second.drop()])
})

it("drops a database that is still in use, and does nothing the second time", async () => {
  const kept = await testDatabase({ migrated: false })
  const dropped = await testDatabase({ migrated: false })
  const client = createClient({ url: dropped.url, max: 1, applicationName: "left open" })
  await client.run("open", (sql) => sql`select 1`)
  await dropped.drop()
  await dropped.drop()
  const name = new URL(dropped.url).pathname.slice(1)
  expect(await query(kept.url, (sql) => sql`select 1 from pg_database where datname = ${name}`)).toHaveLength(
    0,
  )
  await client.close()
  await kept.drop()
})

it("drops what a killed process left behind", async () => {
  const kept = await testDatabase({ migrated: false })
  const library = new URL("./testing.ts", import.meta.url).href
  const code = `
    const { testDatabase } = await import(${JSON.stringify(library)})
    console.log((await testDatabase({ migrated: false })).url)
    await new Promise((resolve) => setTimeout(resolve, 60_000))
  `
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const url = await new Promise<string>((resolve) =>
    child.stdout.once("data", (line: Buffer) => resolve(line.toString())),
  )
  const name = new URL(url.trim()).pathname.slice(1)
  const exited = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGKILL")
  await exited
  await kept.drop()
  // The next process to open the server looks; here it is we, with a use that begins anew.
  const next = await testDatabase({ migrated: false })
  expect(await query(next.url, (sql) => sql`select 1 from pg_database where datname = ${name}`)).toHaveLength(
    0,
  )
  await next.drop()
})

/**
 * Every bench runs to its end at a tiny size, prints well-formed records, and keeps the bounds that no load of the
 * machine can excuse: WAL bytes and statements an item, windows, pages pulled.
 */
import { type Bench, runBench } from "./harness/bench.ts"
import type { BenchServer } from "./harness/database.ts"

/** All of them together may take this long. */
const totalMsMax = 60_000

/** Runs each bench small on one server; throws over the first that is not right. */
export async function smoke(server: BenchServer, benches: readonly Bench[]): Promise<void> {
  const startedAt = performance.now()
  for (const bench of benches) {
    const records = await runBench(bench, { server, items: undefined, isSmoke: true })
    if (records.length === 0) throw new Error(`bench ${bench.name} recorded nothing`)
    for (const record of records) requireWellFormed(bench.name, record)
  }
  const ms = performance.now() - startedAt
  const seconds = (ms / 1_000).toFixed(1)
  process.stderr.write(`\n${benches.length} benches passed in ${seconds} s\n`)
  if (ms > totalMsMax) process.stderr.write(`that is over the ${totalMsMax / 1_000} s they should take\n`)
}

function requireWellFormed(bench: string, record: Readonly<Record<string, unknown>>): void {
  const bad = Object.entries(record).find(([, value]) => typeof value === "number" && !Number.isFinite(value))
  if (bad !== undefined) throw new Error(`bench ${bench} recorded ${bad[0]} ${String(bad[1])}`)
  if (record["fsync"] !== "on") throw new Error(`bench ${bench} ran with fsync ${String(record["fsync"])}`)
}

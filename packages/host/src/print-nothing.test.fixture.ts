// A worker of its own, whose output the test reads: its task prints in every way there is.

import { createHostPool } from "./index.ts"
import type { OutcomeBatch } from "./port.ts"

const code = `
  import { dag, task } from "sluice"
  import { execSync } from "node:child_process"
  console.log("top level")
  const t = task("t", () => { console.log("from console"); execSync("echo from a program", { stdio: "inherit" }) })
  export default dag("d", () => { t() })
`
const pool = createHostPool({ loadBundle: (hash) => Promise.resolve({ hash, code, sourceMap: null }) })
const logs: string[] = []
const onBatch = (batch: OutcomeBatch) => logs.push(...batch.logs.map((entry) => entry.message))
const reader = {
  readStream: () => Promise.reject(new Error("none")),
  readXCom: () => Promise.resolve(null),
  readAssetEvents: () => Promise.resolve([]),
}
const context = {
  contextId: "c",
  bundleHash: "b",
  structure: null,
  dagId: "d",
  taskId: "t",
  runId: "r",
  logicalDate: null,
  dataIntervalStart: null,
  dataIntervalEnd: null,
  params: {},
  triesMax: 1,
  timeoutMs: null,
  xcoms: {},
}
const work = {
  leaseId: "l",
  firstIndex: -1,
  count: 1,
  items: null,
  recorded: [],
  tryNumber: 1,
  indexes: null,
  resumes: null,
  concurrency: 1,
  isolated: false,
}

// What a program wrote comes through a pipe, with this batch or the next.
while (!logs.includes("from a program")) {
  await pool.run({ context, work, onBatch, reader, signal: new AbortController().signal })
}
process.send?.(logs)
await pool.close({ graceMs: 100 })
process.disconnect?.()

// A worker that says in which process its task runs, and is then killed by the test.

import { createHostPool } from "./index.ts"
import type { OutcomeBatch } from "./port.ts"

const code = `
  import { dag, task } from "sluice"
  const t = task("t", (x, ctx) => { ctx.xcom.push("pid", process.pid); return new Promise(() => {}) })
  export default dag("d", () => { t() })
`
const pool = createHostPool({ loadBundle: (hash) => Promise.resolve({ hash, code, sourceMap: null }) })
const onBatch = (batch: OutcomeBatch) => process.send?.(Number(batch.xcoms[0]?.value))
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
await pool.run({ context, work, onBatch, reader, signal: new AbortController().signal })

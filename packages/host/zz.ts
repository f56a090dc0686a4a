import { createHostPool } from "@sluice/host"
const code = `
import { dag, task, source, page } from "sluice"
const s = source("s", async function* ({ cursor = 0 }) { for (let c = cursor; ; c++) { if (Math.random() < 0.01) process.exit(1); yield page([c], c + 1) } })
const t = task("t", async (x) => { const r = Math.random(); if (r < 0.002) process.exit(2); if (r < 0.004) setTimeout(() => { throw new Error("x") }, 1); if (r < 0.006) process.kill(process.pid, "SIGKILL"); if (r < 0.3) await new Promise((r) => setTimeout(r, 1)) ; return x })
export default dag("d", () => { t.iterate(s()) })`
const reader: any = {}
const ctx = (id: number, taskId = "t") => ({ contextId: taskId + id, bundleHash: "h", dagId: "d", taskId, runId: "r", logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, params: {}, triesMax: 1, timeoutMs: null, xcoms: {} })
const pool = createHostPool({ hosts: 2, loadBundle: async (hash) => ({ hash, code, sourceMap: null }) })
const errors = new Map<string, number>(); let items = 0, doubled = 0
const count = (e: any) => { const k = String(e.message).replace(/\d+/g, "N").slice(0, 90); errors.set(k, (errors.get(k) ?? 0) + 1) }
const n = 20; const all = Array.from({ length: n }, (_, i) => i)
const until = performance.now() + 15000
async function runner(id: number) { while (performance.now() < until) { const left = new Set(all)
  for (let tries = 0; left.size > 0 && tries < 50; tries++) { const c = new AbortController(); if (Math.random() < 0.1) setTimeout(() => c.abort(), 2)
    await pool.run({ context: ctx(id), work: { leaseId: "l", firstIndex: 0, count: n, items: JSON.stringify(all), recorded: all.filter((i) => !left.has(i)), tryNumber: 1, concurrency: 4, isolated: Math.random() < 0.02 }, onBatch: (b) => {
      const others = new Set(b.others.map((o) => o.mapIndex)); const before = [...left]
      const idx = b.indexes ?? before.filter((i) => !others.has(i)); const v = JSON.parse(b.values)
      if (v.length !== idx.length) console.log("MISMATCH", b)
      for (const [k, i] of idx.entries()) { if (!left.delete(i)) doubled++; if (v[k] !== i) console.log("WRONG", i, v[k]); items++ } }, reader, signal: c.signal }).catch(count) } } }
async function puller(id: number) { let cursor: string | null = null, at = 0; while (performance.now() < until) { try { const p: any = await pool.pull({ context: ctx(id), request: { cursor, pageSize: 10, pageBytesMax: 1e5 }, reader, signal: new AbortController().signal }); if (p.items[0] !== String(at)) console.log("GAP", p.items, at); at++; cursor = p.next } catch (e) { count(e) } } console.log("pulled", at) }
await Promise.all([...Array.from({ length: 6 }, (_, i) => runner(i)), puller(1), puller(2)])
console.log({ items, doubled }, errors)
const t = performance.now(); const last = [runner, runner].map((f, i) => pool.run({ context: ctx(i), work: { leaseId: "l", firstIndex: 0, count: n, items: JSON.stringify(all), recorded: [], tryNumber: 1, concurrency: 4, isolated: false }, onBatch() {}, reader, signal: new AbortController().signal }).catch(count))
await pool.close({ graceMs: 1000 }); await Promise.all(last); console.log("closed", performance.now() - t)

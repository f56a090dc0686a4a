/** The command: `npm run bench -- <name> [--items n] [--smoke]`. */
import { parseArgs } from "node:util"
import * as assets from "./assets.ts"
import * as api from "./api.ts"
import * as cancel from "./cancel.ts"
import * as deferral from "./deferral.ts"
import * as eager from "./eager.ts"
import * as fairness from "./fairness.ts"
import * as firstItem from "./first-item.ts"
import * as growth from "./growth.ts"
import { type Bench, runBench } from "./harness/bench.ts"
import { type BenchServer, startServer } from "./harness/database.ts"
import * as limit from "./limit.ts"
import * as load from "./load.ts"
import * as loop from "./loop.ts"
import * as memory from "./memory.ts"
import * as redrive from "./redrive.ts"
import { smoke } from "./smoke.ts"

const benches: readonly Bench[] = [
  limit,
  memory,
  firstItem,
  growth,
  eager,
  cancel,
  fairness,
  deferral,
  redrive,
  loop,
  assets,
  load,
  api,
]

const help = [
  "npm run bench -- <name> [--items n] [--smoke]",
  "",
  ...benches.map(({ name, claim }) => `  ${name.padEnd(12)} ${claim}`),
  `  ${"smoke".padEnd(12)} all of them, tiny: that they run, not how fast`,
  `  ${"all".padEnd(12)} all of them`,
  "",
  "Lines for people go to stderr; JSON lines go to stdout and to bench/results/<name>.jsonl.",
  "Exits with 2 when a bound was missed.",
].join("\n")

await main()

async function main(): Promise<void> {
  const { name, items, isSmoke } = readArguments()
  if (name === "smoke") return onServer((server) => smoke(server, benches))
  const wanted = benches.filter((bench) => name === "all" || bench.name === name)
  if (wanted.length === 0 || Number.isNaN(items)) {
    process.stderr.write(`${help}\n`)
    process.exitCode = name === undefined ? 0 : 1
    return
  }
  for (const bench of wanted) await onServer((server) => runBench(bench, { server, items, isSmoke }))
}

/** Each bench gets a server that no other has used. */
async function onServer(use: (server: BenchServer) => Promise<unknown>): Promise<void> {
  const server = await startServer()
  try {
    await use(server)
  } finally {
    await server.close()
  }
}

function readArguments(): { name: string | undefined; items: number | undefined; isSmoke: boolean } {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { items: { type: "string" }, smoke: { type: "boolean", default: false } },
  })
  const items = values.items === undefined ? undefined : positive(values.items)
  return { name: positionals[0], items, isSmoke: values.smoke }
}

function positive(text: string): number {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : Number.NaN
}

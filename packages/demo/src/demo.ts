import { fileURLToPath } from "node:url"
import {
  type CliContext,
  type Command,
  type DatabaseFlag,
  databaseUrlOf,
  databaseUrlOption,
  defineCommand,
  exitCodeOf,
  exitCodes,
  hasLiveEngine,
  jsonOption,
  openSession,
  readableValue,
  runAndShow,
  type RunResult,
  type Session,
  wholeNumber,
} from "sluice/run"
import { countTable, prepareTable } from "./city-table.ts"
import { watchMemory } from "./peak-memory.ts"
import { type CitiesReport, type Proof, proofJson, proofLines, proofOf, reportLines } from "./proof.ts"
import { type CitiesServer, startServer } from "./start-server.ts"

interface DemoOptions extends DatabaseFlag {
  readonly limit?: number
  readonly latency: number
  readonly resume?: boolean
  readonly json?: boolean
}

const dagId = "cities"
const dagFile = fileURLToPath(new URL("../dags/cities.ts", import.meta.url))

/** How long the API takes for a page, as a real one would. */
const latencyMs = 20

/** `npm run demo`: the whole of it, with nothing to set up. */
export const demo: Command = defineCommand<DemoOptions>({
  path: "demo",
  summary: "read every city of the world page by page, one task instance each",
  details:
    "Starts an embedded Postgres, a paged HTTP API over 135,000 cities, and the engine; runs packages/demo/dags/cities.ts;\n" +
    "shows it live, then its report, and what was measured. Ctrl-C cancels; --resume goes on where it stood.",
  options: [
    { flags: "--limit <n>", description: "only the first n cities", parse: wholeNumber("--limit", 1) },
    {
      flags: "--latency <ms>",
      description: "how long the API takes for a page",
      parse: wholeNumber("--latency", 0),
      default: latencyMs,
    },
    { flags: "--resume", description: "go on with the newest run that is unfinished or was cancelled" },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["npm run demo", "npm run demo -- --limit 20000 --latency 100", "npm run demo -- --resume"],
  async run(context, options) {
    const starting = "starting Postgres, an API of 135,000 cities (500 a page) and the engine"
    if (options.json !== true) await context.out.line(context.out.style("dim", `${starting}…`))
    const server = await startServer(options.latency)
    try {
      const session = await openSession(sessionOptions(context, options))
      try {
        return await runDemo(context, options, { server, session })
      } finally {
        await session.close()
      }
    } finally {
      server.close()
    }
  },
})

function sessionOptions(context: CliContext, options: DemoOptions) {
  return {
    projectDir: context.cwd,
    databaseUrl: databaseUrlOf(options, context.env),
    applicationName: "sluice demo",
  }
}

async function runDemo(
  context: CliContext,
  options: DemoOptions,
  { server, session }: { server: CitiesServer; session: Session },
) {
  const isResumed = options.resume === true
  const { url } = session.database
  if (!isResumed) await cancelAbandoned(session)
  await prepareTable(url, { keptRuns: await resumableRuns(session) })
  const memory = watchMemory()
  const result = await runAndShow(context, {
    session: sessionOptions(context, options),
    file: dagFile,
    dagId,
    conf: options.limit === undefined ? {} : { limit: options.limit },
    resume: isResumed,
    json: options.json === true,
    showResult: false,
    taskEnv: { SLUICE_TASK_CITIES_API: server.url, SLUICE_TASK_CITIES_DATABASE: url },
  })
  const peak = memory.stop()
  if (result.outcome !== "success") return exitCodeOf(result)
  const expected = await server.expected(limitOf(result))
  const proof = proofOf(result, { memory: peak, expected, table: await countTable(url, result.run.runId) })
  await show(context, options, result, proof)
  return proof.isComplete ? exitCodes.success : exitCodes.failed
}

/** A run that was resumed keeps the limit it was started with. */
function limitOf({ run }: RunResult): number | undefined {
  const limit = (run.conf as { limit?: unknown } | null)?.limit
  return typeof limit === "number" ? limit : undefined
}

/** The most runs of the demo that are looked at; nobody leaves more of them unfinished. */
const runsMax = 100

/** A run whose process was killed would go on beside the new one, and blur what is measured. */
async function cancelAbandoned(session: Session): Promise<void> {
  if (await hasLiveEngine(session)) return
  const { store, call } = session
  const runs = await call(store.listDagRuns({ dagId, states: ["queued", "running"], limit: runsMax }))
  for (const run of runs)
    await call(store.cancelDagRun({ dagRunId: run.id, note: "a new demo was started", actor: "demo" }))
}

/** Runs that may go on, and need their rows. */
async function resumableRuns({ store, call }: Session): Promise<string[]> {
  const runs = await call(
    store.listDagRuns({ dagId, states: ["queued", "running", "failed"], limit: runsMax }),
  )
  return runs.map((run) => run.runId)
}

async function show(
  { out }: CliContext,
  options: DemoOptions,
  result: RunResult,
  proof: Proof,
): Promise<void> {
  const report = result.value === null ? null : (readableValue(result.value.encoded) as CitiesReport)
  if (options.json === true) return out.line(JSON.stringify({ type: "proof", report, ...proofJson(proof) }))
  const lines = [
    "",
    out.style("bold", "report"),
    ...(report === null ? [] : reportLines(report)).map((line) => `  ${line}`),
    "",
    out.style("bold", "measured"),
    ...proofLines(proof).map((line) => `  ${line}`),
  ]
  for (const line of lines) await out.line(line)
}

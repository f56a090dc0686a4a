import { defineCommand } from "../command.ts"
import type { CliContext } from "../context.ts"
import {
  dagFolderOptions,
  type DagFolderFlags,
  databaseUrlOption,
  type DatabaseFlag,
  jsonOption,
} from "../options.ts"
import type { SessionOptions } from "../session.ts"
import { type ExitCode, exitCodes } from "../problem.ts"

interface DagProcessorFlags extends DatabaseFlag, DagFolderFlags {
  readonly once?: boolean
  readonly json?: boolean
}

/** `sluice dag-processor`: keeps the database the same as a folder of DAG files. */
export const dagProcessor = defineCommand<DagProcessorFlags>({
  path: "dag-processor",
  summary: "store what a folder of DAG files defines, and go on as it changes",
  details:
    "Watches the folder and all folders in it. A file that changed, or imports one that did, is bundled, evaluated once in a\n" +
    "limited child process, and stored; engines never see the files. Names that begin with _ or . are left out, tests too.\n" +
    "With --once it looks at all files once and ends. Exit code: 0 all can be used, 1 some cannot.",
  options: [
    ...dagFolderOptions,
    { flags: "--once", description: "look at all files once, and end" },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice dag-processor",
    "sluice dag-processor --dags flows --once",
    "sluice dag-processor --once --json | jq 'select(.outcome == \"broken\")'",
  ],
  async run(context, options) {
    const [{ findDagFolder }, { databaseUrlOf }] = await Promise.all([
      import("../run/dag-files.ts"),
      import("../session.ts"),
    ])
    const dags = findDagFolder(context, options.dags, options.folderName)
    const session = {
      projectDir: context.cwd,
      databaseUrl: databaseUrlOf(options, context.env),
      applicationName: "sluice dag-processor",
    }
    const json = options.json === true
    if (options.once === true) return processOnce(context, { session, dags, json })
    const { runEngineProcess } = await import("../run/engine-process.ts")
    await runEngineProcess(context, { session, roles: [], dags, graceMs: 0, concurrency: undefined, json })
    return exitCodes.success
  },
})

async function processOnce(
  context: CliContext,
  options: {
    readonly session: SessionOptions
    readonly dags: { readonly root: string; readonly folder: string }
    readonly json: boolean
  },
): Promise<ExitCode> {
  const [{ newsJson, newsLine, processDagFolder }, { openHosts, withSession }] = await Promise.all([
    import("../run/dag-files.ts"),
    import("../session.ts"),
  ])
  return withSession(options.session, async (session) => {
    const hosts = openHosts(session, {}, { isWarm: false })
    try {
      const all = await processDagFolder(session, hosts, { ...options.dags, name: "once" })
      for (const news of all)
        await context.out.line(options.json ? JSON.stringify(newsJson(news)) : newsLine(news))
      return all.some(({ result }) => result?.kind === "broken") ? exitCodes.failed : exitCodes.success
    } finally {
      await hosts.close({ graceMs: 0 })
    }
  })
}

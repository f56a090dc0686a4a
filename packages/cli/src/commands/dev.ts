import { defineCommand } from "../command.ts"
import {
  dagFolderOptions,
  type DagFolderFlags,
  databaseUrlOption,
  type DatabaseFlag,
  jsonOption,
  portOption,
} from "../options.ts"
import { exitCodes } from "../problem.ts"

interface DevFlags extends DatabaseFlag, DagFolderFlags {
  readonly port: number
  readonly json?: boolean
}

/** How long what runs may take to end after the first Ctrl-C. */
const graceMs = 5_000

/** `sluice dev`: everything in one process, for the machine one writes DAGs on. */
export const dev = defineCommand<DevFlags>({
  path: "dev",
  summary: "run everything in one process: DAG files, engine, HTTP API, database",
  details:
    "Watches the DAG folder, plays all roles of the engine, and serves the HTTP API to this machine alone. Without a database it starts an embedded Postgres in .sluice.\n" +
    "Ctrl-C lets what runs end for a few seconds and gives the rest back; the next start goes on with it.",
  options: [...dagFolderOptions, portOption, jsonOption, databaseUrlOption],
  examples: ["sluice dev", "sluice dev --dags flows"],
  async run(context, options) {
    const [{ findDagFolder }, { databaseUrlOf }, { readRoles, runEngineProcess }] = await Promise.all([
      import("../run/dag-files.ts"),
      import("../session.ts"),
      import("../run/engine-process.ts"),
    ])
    await runEngineProcess(context, {
      session: {
        projectDir: context.cwd,
        databaseUrl: databaseUrlOf(options, context.env),
        applicationName: "sluice dev",
      },
      roles: readRoles(undefined),
      dags: findDagFolder(context, options.dags, options.folderName),
      graceMs,
      concurrency: undefined,
      api: {
        host: "127.0.0.1",
        port: options.port,
        isBehindTlsProxy: false,
        corsOrigins: [],
        json: options.json === true,
      },
      json: options.json === true,
    })
    return exitCodes.success
  },
})

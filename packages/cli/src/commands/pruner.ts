import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, portNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { retentionHelp } from "../run/retention-help.ts"

interface PrunerOptions extends DatabaseFlag {
  readonly metricsPort?: number
  readonly json?: boolean
}

/** How long what it does may take to end after the first signal. */
const graceMs = 5_000

/** `sluice pruner`: removes what was deleted, and deletes what was kept for long enough. */
export const pruner = defineCommand<PrunerOptions>({
  path: "pruner",
  summary: "remove what deleted runs have left, and delete what is old enough",
  details: `The role pruner as a process of its own; of several one works. \`sluice dev\` and \`sluice engine\` play it too.\n${retentionHelp}`,
  options: [
    {
      flags: "--metrics-port <n>",
      description: "serve metrics for Prometheus to this machine at this port (0: any)",
      parse: portNumber("--metrics-port"),
    },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice pruner", "SLUICE_KEEP_RUNS_DAYS=90 sluice pruner"],
  async run(context, options) {
    const [{ runEngineProcess }, { databaseUrlOf }] = await Promise.all([
      import("../run/engine-process.ts"),
      import("../session.ts"),
    ])
    await runEngineProcess(context, {
      session: {
        projectDir: context.cwd,
        databaseUrl: databaseUrlOf(options, context.env),
        applicationName: "sluice pruner",
      },
      roles: ["pruner"],
      graceMs,
      concurrency: undefined,
      metricsPort: options.metricsPort,
      json: options.json === true,
    })
    return exitCodes.success
  },
})

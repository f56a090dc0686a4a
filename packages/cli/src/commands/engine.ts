import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, portNumber, wholeNumber } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { retentionHelp } from "../run/retention-help.ts"

interface EngineCommandOptions extends DatabaseFlag {
  readonly roles?: string
  readonly grace: number
  readonly concurrency?: number
  readonly metricsPort?: number
  readonly json?: boolean
}

/** How long what runs may take to end after the first signal, in seconds, when nothing else is said. */
const graceSecondsDefault = 20

/** `sluice engine`: works on whatever runs there are, until it is told to stop. */
export const engine = defineCommand<EngineCommandOptions>({
  path: "engine",
  summary: "work on the runs of a database, as one of any number of processes",
  details:
    "Plays some roles of the engine until it is told to stop. Any number of these share a database, on any number of machines,\n" +
    "and `sluice run` works beside them.\n" +
    "SIGTERM or Ctrl-C: it takes nothing new, lets what runs end within the grace, and gives the rest back at once. A second\n" +
    "signal stops it where it stands; others then take over what it held.\n" +
    retentionHelp,
  options: [
    {
      flags: "--roles <names>",
      description: "the roles to play, with commas between (default: all)",
    },
    {
      flags: "--grace <seconds>",
      description: `how long what runs may take to end after the first signal (default: ${graceSecondsDefault})`,
      parse: wholeNumber("--grace", 0),
      default: graceSecondsDefault,
    },
    {
      flags: "--concurrency <n>",
      description: "instances that the worker runs at once (default: 64)",
      parse: wholeNumber("--concurrency", 1),
    },
    {
      flags: "--metrics-port <n>",
      description: "serve metrics for Prometheus to this machine at this port (0: any)",
      parse: portNumber("--metrics-port"),
    },
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice engine",
    "sluice engine --roles worker --concurrency 16",
    "sluice engine --roles scheduler,expander,rescuer --grace 5",
  ],
  async run(context, options) {
    const [{ readRoles, runEngineProcess }, { databaseUrlOf }] = await Promise.all([
      import("../run/engine-process.ts"),
      import("../session.ts"),
    ])
    await runEngineProcess(context, {
      session: {
        projectDir: context.cwd,
        databaseUrl: databaseUrlOf(options, context.env),
        applicationName: "sluice engine",
      },
      roles: readRoles(options.roles),
      graceMs: options.grace * 1000,
      concurrency: options.concurrency,
      metricsPort: options.metricsPort,
      json: options.json === true,
    })
    return exitCodes.success
  },
})

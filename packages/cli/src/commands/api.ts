import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, portOption } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"

interface ApiCommandOptions extends DatabaseFlag {
  readonly port: number
  readonly host: string
  readonly behindTlsProxy?: boolean
  readonly corsOrigin?: readonly string[]
  readonly json?: boolean
}

/** `sluice api`: serves the HTTP API. */
export const api = defineCommand<ApiCommandOptions>({
  path: "api",
  summary: "serve the HTTP API",
  details:
    "Ends in order on Ctrl-C or SIGTERM. A database without users gets an administrator, whose password is printed once. " +
    "SLUICE_API_SECRET, where it is set, signs sessions instead of the secret that is kept in the database.",
  options: [
    portOption,
    { flags: "--host <address>", description: "the address to listen on", default: "127.0.0.1" },
    {
      flags: "--behind-tls-proxy",
      description:
        "a proxy in front encrypts: other addresses than this machine's own are allowed, its X-Forwarded-For is believed",
    },
    {
      flags: "--cors-origin <origin>",
      description: "an origin whose pages may call the API (repeatable)",
      parse: (text, before) => [...((before as string[] | undefined) ?? []), readOrigin(text)],
    },
    jsonOption,
    databaseUrlOption,
  ],
  examples: ["sluice api", "sluice api --host 0.0.0.0 --behind-tls-proxy"],
  async run(context, options) {
    const [{ serveUntilInterrupted }, { databaseUrlOf }] = await Promise.all([
      import("../run/serve-api.ts"),
      import("../session.ts"),
    ])
    await serveUntilInterrupted(context, {
      session: {
        projectDir: context.cwd,
        databaseUrl: databaseUrlOf(options, context.env),
        applicationName: "sluice api",
      },
      host: options.host,
      port: options.port,
      isBehindTlsProxy: options.behindTlsProxy === true,
      corsOrigins: options.corsOrigin ?? [],
      json: options.json === true,
    })
    return exitCodes.success
  },
})

function readOrigin(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text
  throw new UsageProblem(`--cors-origin: "${text}" came`, {
    expected: "an origin such as https://ui.example.com",
  })
}

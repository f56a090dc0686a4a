import type { MapChange } from "@sluice/core/store"
import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { limitMax, type None, orNull } from "../limit-option.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption, wholeNumber } from "../options.ts"
import { exitCodes, UsageProblem } from "../problem.ts"
import { mapArguments } from "./map-arguments.ts"
import { withDatabase } from "./with-database.ts"

interface MapsSetOptions extends DatabaseFlag, ActorFlag {
  readonly window?: number
  readonly pageSize?: number
  readonly concurrency?: number | None
  readonly toleratedFailures?: NonNullable<MapChange["toleratedFailures"]> | None
  readonly json?: boolean
}

/** From how many ended instances on a share is judged, where the DAG does not say: as `toleratedFailures` has it. */
const shareSample = 100

/** `sluice maps set`: changes what bounds a running map. */
export const mapsSet = defineCommand<MapsSetOptions>({
  path: "maps set",
  arguments: mapArguments,
  summary: "change what bounds one mapped task, while it runs",
  details:
    "It counts at once: from the next page that is pulled and the next instance that starts. A window that is smaller than " +
    "what is unfinished stops the pulling until enough has ended; a page is never larger than the window.",
  options: [
    { flags: "--window <n>", description: "map indexes that may be unfinished", parse: bound("--window") },
    {
      flags: "--page-size <n>",
      description: "items asked of the source at once",
      parse: bound("--page-size"),
    },
    {
      flags: "--concurrency <n>",
      description: "instances at once, or none for no limit",
      parse: orNone(bound("--concurrency")),
    },
    {
      flags: "--tolerated-failures <n>",
      description: "failures it goes on with: a count, a share such as 10%, or none for no limit",
      parse: orNone(tolerated),
    },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    "sluice maps set latest upsert --window 200 --concurrency 4",
    "sluice maps set latest upsert --tolerated-failures 5%",
    "sluice maps set latest upsert --concurrency none",
  ],
  run: (context, options, [reference = "", taskId = ""]) => {
    const { window, pageSize, concurrency, toleratedFailures } = options
    const change: MapChange = {
      ...(window !== undefined && { window }),
      ...(pageSize !== undefined && { pageSize }),
      ...(concurrency !== undefined && { concurrency: orNull(concurrency) }),
      ...(toleratedFailures !== undefined && { toleratedFailures: orNull(toleratedFailures) }),
    }
    if (Object.keys(change).length === 0)
      throw new UsageProblem("nothing to set was given", {
        expected: "one of --window, --page-size, --concurrency, --tolerated-failures",
      })
    return withDatabase(context, options, async (session) => {
      const { changeAndShow } = await import("../run/change-map.ts")
      const actor = actorOf(options, context.env)
      const isJson = options.json === true
      await changeAndShow(context, session, { reference, taskId, actor, isJson, change: () => change })
      return exitCodes.success
    })
  },
})

function bound(flag: string): (text: string) => number {
  const read = wholeNumber(flag, 1)
  return (text) => {
    const value = read(text)
    if (value <= limitMax) return value
    throw new UsageProblem(`${flag}: "${text}" came`, { expected: `a whole number from 1 to ${limitMax}` })
  }
}

function orNone<A>(read: (text: string) => A): (text: string) => A | None {
  return (text) => (text === "none" ? text : read(text))
}

/** `5` or `5%`. */
function tolerated(text: string): NonNullable<MapChange["toleratedFailures"]> {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]
  if (share === undefined) {
    const count = Number(text)
    if (/^\d+$/.test(text) && count <= limitMax) return { count, ratio: null, minSample: shareSample }
  } else if (Number(share) <= 100) return { count: null, ratio: Number(share) / 100, minSample: shareSample }
  throw new UsageProblem(`--tolerated-failures: "${text}" came`, {
    expected: "a whole number from 0 on, a share from 0% to 100%, or none",
  })
}

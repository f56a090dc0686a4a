import { hostname, userInfo } from "node:os"
import { actorLengthMax } from "@sluice/core/store"
import type { OptionSpec } from "./command.ts"
import { UsageProblem } from "./problem.ts"

/** For every command that changes something: who does it. */
export interface ActorFlag {
  readonly actor?: string
}

/** `--actor`: the name that stands in the event log. */
export const actorOption: OptionSpec = {
  flags: "--actor <name>",
  description: "who does it, for the event log (default: user@host)",
  parse: (text) => {
    if (text !== "" && text.length <= actorLengthMax) return text
    throw new UsageProblem(`--actor: a name of ${text.length} characters came`, {
      expected: `1 to ${actorLengthMax} characters`,
    })
  },
}

/** The name of whoever uses the command line. */
export function actorOf(options: ActorFlag, env: NodeJS.ProcessEnv): string {
  if (options.actor !== undefined) return options.actor
  const user = env["USER"] ?? env["USERNAME"] ?? ""
  return `${user === "" ? userName() : user}@${hostname()}`.slice(0, actorLengthMax)
}

/** A user without an entry in the system's list has a number at most. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? "unknown")
  }
}

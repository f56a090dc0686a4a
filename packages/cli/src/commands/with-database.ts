import type { CliContext } from "../context.ts"
import type { DatabaseFlag } from "../options.ts"
import type { Session } from "../session.ts"

/** Opens the database of a command that only looks at what is there. */
export async function withDatabase<A>(
  context: CliContext,
  options: DatabaseFlag,
  use: (session: Session) => Promise<A>,
): Promise<A> {
  // Loaded only when a command runs: a help page must not wait for it.
  const { databaseUrlOf, withSession } = await import("../session.ts")
  const session = {
    projectDir: context.cwd,
    databaseUrl: databaseUrlOf(options, context.env),
    applicationName: "sluice",
    mayCreate: false,
  }
  return withSession(session, use)
}

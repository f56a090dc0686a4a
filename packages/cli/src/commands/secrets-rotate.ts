import { actorOf, actorOption, type ActorFlag } from "../actor.ts"
import { defineCommand } from "../command.ts"
import { databaseUrlOption, type DatabaseFlag, jsonOption } from "../options.ts"
import { exitCodes } from "../problem.ts"
import { withDatabase } from "./with-database.ts"

interface SecretsRotateOptions extends DatabaseFlag, ActorFlag {
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `sluice secrets rotate`: seals what an older key sealed with the newest. */
export const secretsRotate = defineCommand<SecretsRotateOptions>({
  path: "secrets rotate",
  summary: "seal variables and connections anew with the newest key",
  details:
    "SLUICE_SECRET_KEY may have several keys, divided by commas: each opens, the first seals. Put the new one first wherever Sluice\n" +
    "runs, run this, and when it ends with 0, take the old ones away. It may be stopped and run again at any time, and everything\n" +
    "else may go on meanwhile. It names what no key opens, or what was changed while it ran, and ends with 1 then.",
  options: [
    { flags: "--dry-run", description: "say what would be sealed anew, and write nothing" },
    actorOption,
    jsonOption,
    databaseUrlOption,
  ],
  examples: [
    'SLUICE_SECRET_KEY="$NEW_KEY,$OLD_KEY" sluice secrets rotate --dry-run',
    'SLUICE_SECRET_KEY="$NEW_KEY,$OLD_KEY" sluice secrets rotate',
  ],
  run: (context, options) =>
    withDatabase(context, options, async ({ store, vault }) => {
      const { out } = context
      const { rotateSecrets } = await import("@sluice/core/vault")
      const isDryRun = options.dryRun === true
      const isJson = options.json === true
      const { rotated, newest, changed, unreadable } = await rotateSecrets(store, vault, {
        actor: actorOf(options, context.env),
        isDryRun,
        onUnreadable: (secret) => out.line(isJson ? JSON.stringify(secret) : secret.reason),
      })
      const isWhole = changed === 0 && unreadable === 0
      await out.line(
        isJson
          ? JSON.stringify({ rotated, newest, changed, unreadable, is_dry_run: isDryRun })
          : [
              `${isDryRun ? "would seal" : "sealed"} ${rotated} anew; the newest key had sealed ${newest}`,
              ...(unreadable === 0 ? [] : [`${unreadable} cannot be opened: see above`]),
              ...(changed === 0 ? [] : [`${changed} changed meanwhile: run this again`]),
            ].join("; "),
      )
      return isWhole ? exitCodes.success : exitCodes.failed
    }),
})

import { readFileSync } from "node:fs"
import type { Command } from "./command.ts"
import { dbMigrate } from "./commands/db-migrate.ts"
import { engine } from "./commands/engine.ts"
import { dbStatus } from "./commands/db-status.ts"
import { eventsList } from "./commands/events-list.ts"
import { logs } from "./commands/logs.ts"
import { roles } from "./commands/roles.ts"
import { run } from "./commands/run.ts"
import { runsCancel } from "./commands/runs-cancel.ts"
import { runsList } from "./commands/runs-list.ts"
import { runsShow } from "./commands/runs-show.ts"
import { tasksList } from "./commands/tasks-list.ts"
import { xcomGet } from "./commands/xcom-get.ts"
import { runMain } from "./run-main.ts"

/** Every command, in the order of the help. */
const commands: readonly Command[] = [
  run,
  engine,
  roles,
  runsList,
  runsShow,
  runsCancel,
  tasksList,
  xcomGet,
  logs,
  eventsList,
  dbMigrate,
  dbStatus,
]

await runMain({
  name: "sluice",
  description: "Sluice runs workflows whose mapped tasks are lazy.",
  version: versionOf(new URL("../package.json", import.meta.url)),
  groups: [
    { name: "runs", summary: "list, show and cancel runs" },
    { name: "tasks", summary: "list the task instances of a run" },
    { name: "xcom", summary: "read what tasks have returned" },
    { name: "events", summary: "see who did what" },
    { name: "db", summary: "prepare and inspect the database" },
  ],
  commands,
  examples: [
    "sluice run dags/users.ts",
    "sluice engine --roles worker",
    "sluice runs list --state failed",
    "sluice tasks list latest --state failed",
    "sluice logs latest upsert --follow",
  ],
})

function versionOf(packageJson: URL): string {
  return (JSON.parse(readFileSync(packageJson, "utf8")) as { version: string }).version
}

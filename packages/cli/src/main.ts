import type { Command } from "./command.ts"
import { api } from "./commands/api.ts"
import { assetsEmit } from "./commands/assets-emit.ts"
import { assetsEvents } from "./commands/assets-events.ts"
import { assetsList } from "./commands/assets-list.ts"
import { assetsShow } from "./commands/assets-show.ts"
import { backfillCancel, backfillPause, backfillUnpause } from "./commands/backfill-control.ts"
import { backfillCreate } from "./commands/backfill-create.ts"
import { backfillList } from "./commands/backfill-list.ts"
import { backfillShow } from "./commands/backfill-show.ts"
import { dagsGraph } from "./commands/dags-graph.ts"
import { dagsList } from "./commands/dags-list.ts"
import { dagsVersions } from "./commands/dags-versions.ts"
import { dagsNext } from "./commands/dags-next.ts"
import { dagsPause, dagsUnpause } from "./commands/dags-pause.ts"
import { dagsShow } from "./commands/dags-show.ts"
import { dbMigrate } from "./commands/db-migrate.ts"
import { dagProcessor } from "./commands/dag-processor.ts"
import { dagsDelete } from "./commands/dags-delete.ts"
import { dagsErrors } from "./commands/dags-errors.ts"
import { dagsTrigger } from "./commands/dags-trigger.ts"
import { dev } from "./commands/dev.ts"
import { engine } from "./commands/engine.ts"
import { dbStatus } from "./commands/db-status.ts"
import { eventsList } from "./commands/events-list.ts"
import { init } from "./commands/init.ts"
import { logs } from "./commands/logs.ts"
import { roles } from "./commands/roles.ts"
import { mapsCancel } from "./commands/maps-cancel.ts"
import { mapsExtend } from "./commands/maps-extend.ts"
import { mapsList } from "./commands/maps-list.ts"
import { mapsPause, mapsResume } from "./commands/maps-pause.ts"
import { mapsRedrive } from "./commands/maps-redrive.ts"
import { mapsSet } from "./commands/maps-set.ts"
import { mapsShow } from "./commands/maps-show.ts"
import { run } from "./commands/run.ts"
import { secretsRotate } from "./commands/secrets-rotate.ts"
import { runsCancel } from "./commands/runs-cancel.ts"
import { runsDelete } from "./commands/runs-delete.ts"
import { runsList } from "./commands/runs-list.ts"
import { runsShow } from "./commands/runs-show.ts"
import { tasksClear } from "./commands/tasks-clear.ts"
import { tasksList } from "./commands/tasks-list.ts"
import { tasksShow } from "./commands/tasks-show.ts"
import { connectionsDelete, connectionsGet, connectionsList, connectionsSet } from "./commands/connections.ts"
import { tokensCreate } from "./commands/tokens-create.ts"
import { tokensList } from "./commands/tokens-list.ts"
import { tokensRevoke } from "./commands/tokens-revoke.ts"
import { variablesDelete, variablesGet, variablesList, variablesSet } from "./commands/variables.ts"
import { usersCreate } from "./commands/users-create.ts"
import { usersDelete } from "./commands/users-delete.ts"
import { dagsSet } from "./commands/dags-set.ts"
import { tasksSet } from "./commands/tasks-set.ts"
import { pruner } from "./commands/pruner.ts"
import { poolsDelete } from "./commands/pools-delete.ts"
import { poolsList } from "./commands/pools-list.ts"
import { poolsSet } from "./commands/pools-set.ts"
import { usersList } from "./commands/users-list.ts"
import { usersPasswd } from "./commands/users-passwd.ts"
import { xcomGet } from "./commands/xcom-get.ts"
import { runMain } from "./run-main.ts"
import { versionOfSluice } from "./version.ts"

/** Every command, in the order of the help. */
const commands: readonly Command[] = [
  init,
  run,
  dev,
  engine,
  pruner,
  dagProcessor,
  roles,
  dagsList,
  dagsShow,
  dagsGraph,
  dagsVersions,
  dagsNext,
  dagsPause,
  dagsUnpause,
  dagsDelete,
  dagsTrigger,
  dagsErrors,
  assetsList,
  assetsShow,
  assetsEvents,
  assetsEmit,
  backfillCreate,
  backfillList,
  backfillShow,
  backfillPause,
  backfillUnpause,
  backfillCancel,
  runsList,
  runsShow,
  runsCancel,
  runsDelete,
  mapsList,
  mapsShow,
  mapsPause,
  mapsResume,
  mapsSet,
  mapsCancel,
  mapsRedrive,
  mapsExtend,
  tasksList,
  tasksShow,
  tasksClear,
  xcomGet,
  logs,
  eventsList,
  api,
  usersCreate,
  usersList,
  dagsSet,
  tasksSet,
  poolsList,
  poolsSet,
  poolsDelete,
  usersPasswd,
  usersDelete,
  tokensCreate,
  tokensList,
  tokensRevoke,
  variablesList,
  variablesGet,
  variablesSet,
  variablesDelete,
  connectionsList,
  connectionsGet,
  connectionsSet,
  connectionsDelete,
  secretsRotate,
  dbMigrate,
  dbStatus,
]

await runMain({
  name: "sluice",
  description: "Sluice runs workflows whose mapped tasks are lazy.",
  version: versionOfSluice(),
  groups: [
    {
      name: "dags",
      summary: "list, pause and trigger DAGs, see what comes next and which files cannot be used",
    },
    { name: "assets", summary: "list assets and their events, and say that one has changed" },
    { name: "backfill", summary: "make runs for past dates" },
    { name: "runs", summary: "list, show, cancel and delete runs" },
    { name: "maps", summary: "steer one mapped task of a run" },
    { name: "pools", summary: "share slots between tasks of all DAGs" },
    { name: "tasks", summary: "list, show and clear the task instances of a run" },
    { name: "xcom", summary: "read what tasks have returned" },
    { name: "events", summary: "see who did what" },
    { name: "users", summary: "who may sign in to the API" },
    { name: "tokens", summary: "tokens of programs that call the API" },
    { name: "variables", summary: "values that tasks read" },
    { name: "connections", summary: "how tasks reach what is outside" },
    { name: "secrets", summary: "the key that variables and connections are sealed with" },
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

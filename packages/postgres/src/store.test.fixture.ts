import type { StoreHarness } from "@sluice/core/testing"
import { createClient } from "./client.ts"
import { openStore } from "./open-store.ts"
import { testDatabase } from "./testing.ts"

/** Moves the database's clock on by moving what is stored back. */
const shifts = [
  "update lease set expires_at = expires_at - make_interval(secs => $1)",
  "update trigger set fire_at = fire_at - make_interval(secs => $1), timeout_at = timeout_at - make_interval(secs => $1)",
  "update triggerer set expires_at = expires_at - make_interval(secs => $1)",
  "update leader set expires_at = expires_at - make_interval(secs => $1)",
  "update repair set at = at - make_interval(secs => $1)",
  "update offer set at = at - make_interval(secs => $1)",
  "update expansion set pull_after = pull_after - make_interval(secs => $1), runner_expires_at = runner_expires_at - make_interval(secs => $1)",
  "update dag_run set timeout_at = timeout_at - make_interval(secs => $1)",
  "update role set heartbeat_at = heartbeat_at - make_interval(secs => $1), expires_at = expires_at - make_interval(secs => $1), died_at = died_at - make_interval(secs => $1)",
]

/** Opens a store on a database of its own. */
export async function openTestStore(): Promise<StoreHarness> {
  const database = await testDatabase()
  const opened = openStore({ url: database.url, applicationName: "contract" })
  const client = createClient({ url: database.url, max: 1, applicationName: "clock" })
  return {
    store: opened.store,
    elapse: async (ms) => {
      for (const shift of shifts) await client.run("elapse", (sql) => sql.unsafe(shift, [ms / 1000]))
    },
    close: async () => {
      await client.close()
      await opened.close()
      await database.drop()
    },
  }
}

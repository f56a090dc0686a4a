import type * as Embedded from "../../packages/postgres/src/embedded.ts"
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { eventually } from "./eventually.ts"

// Not exported: a source file of another project can be imported for its types, and by its URL.
const embedded = new URL("../../packages/postgres/src/embedded.ts", import.meta.url).href
const { startEmbedded } = (await import(embedded)) as typeof Embedded

/** A server of the test's own, that can be ended and started again at the same address; gone when the test has finished. */
export async function ownServer() {
  const parent = await mkdtemp(join(tmpdir(), "sluice-restart-"))
  // The server runs as another user when the test runs as root.
  await chmod(parent, 0o711)
  const settings: Record<string, string> = { fsync: "off" }
  const start = () => startEmbedded({ dataDir: join(parent, "postgres"), settings })
  let server: Embedded.EmbeddedServer = await start()
  settings["port"] = new URL(server.url).port
  onTestFinished(async () => {
    await server.stop()
    await rm(server.folder, { recursive: true, force: true })
    await rm(parent, { recursive: true, force: true })
  })
  const pidFile = join(server.folder, "data", "postmaster.pid")
  return {
    url: server.url,
    stop: () => server.stop(),
    /** Ends it as a crash would: nothing is written, the next start recovers. */
    crash: async () => {
      const [pid] = (await readFile(pidFile, "utf8")).split("\n")
      process.kill(Number(pid), "SIGQUIT")
      await eventually("the server is gone", () => (isAlive(Number(pid)) ? undefined : true))
      await server.stop()
    },
    start: async () => {
      server = await start()
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

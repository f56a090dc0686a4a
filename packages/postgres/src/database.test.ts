import { chmodSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import { createClient } from "./client.ts"
import { embeddedFolder, openDatabase } from "./database.ts"
import { DatabaseError } from "./errors.ts"
import { checkDatabase } from "./migrate.ts"
import { testDatabase } from "./testing.ts"

function project(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-project-"))
  // Reachable by the server's user, so that all of its files are in it.
  chmodSync(folder, 0o755)
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

it("starts and migrates the project's own database when none is given", async () => {
  const projectDir = project()
  const [first, second] = await Promise.all([
    openDatabase({ projectDir, migrate: false }),
    openDatabase({ url: "", projectDir, migrate: false }),
  ])
  expect(first).toMatchObject({ isEmbedded: true, url: second.url })
  const client = createClient({ url: first.url, max: 1, applicationName: "database test" })
  await first.close()
  await checkDatabase(client)
  await client.close()
  await second.close()
  expect(embeddedFolder).toBe(join(".sluice", "postgres"))
})

it("only checks a given database, and migrates it when told to", async () => {
  const given = await testDatabase({ migrated: false })
  onTestFinished(() => given.drop())
  const options = { url: given.url, projectDir: project() }
  await expect(openDatabase({ ...options, migrate: false })).rejects.toThrow(DatabaseError)
  await expect(openDatabase({ ...options, migrate: false })).rejects.toThrow(/run `sluice db migrate`/)
  const database = await openDatabase({ ...options, migrate: true })
  expect(database).toMatchObject({ isEmbedded: false, url: given.url })
  await database.close()
  await (await openDatabase({ ...options, migrate: false })).close()
})

import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { InvalidSecretKey, makeSecretBox, makeSecretKey, type SecretBox } from "@sluice/core/secrets"
import { UsageProblem } from "./problem.ts"

/** The file of a project with an embedded database that has its key. */
const keyFile = join(".sluice", "secret.key")

/** Whoever else may read the project, this is its owner's alone. */
const keyFileMode = 0o600

/**
 * The box for what is secret in a database.
 *
 * Its keys are those of SLUICE_SECRET_KEY, divided by commas, the one that seals first. A project with an embedded database
 * makes its own beside it; several may stand in the file likewise. Null: the database is the user's, and no key was given; none is made up, since every
 * machine needs the same.
 */
export function openSecretBox(
  env: NodeJS.ProcessEnv,
  database: { readonly isEmbedded: boolean; readonly projectDir: string },
): SecretBox | null {
  const given = (env["SLUICE_SECRET_KEY"] ?? "").trim()
  if (given !== "") return boxOf("SLUICE_SECRET_KEY", given)
  return database.isEmbedded ? boxOf(keyFile, keyOfProject(database.projectDir)) : null
}

function boxOf(from: string, keys: string): SecretBox {
  try {
    return makeSecretBox(keys.split(","))
  } catch (error) {
    if (!(error instanceof InvalidSecretKey)) throw error
    throw new UsageProblem(`${from}: ${error.message}`)
  }
}

/** The key of a project, made the first time. Of two who make it at once, one does. */
function keyOfProject(projectDir: string): string {
  const path = join(projectDir, keyFile)
  if (!existsSync(path)) {
    const made = `${path}.${randomUUID()}`
    mkdirSync(join(projectDir, ".sluice"), { recursive: true })
    writeFileSync(made, `${makeSecretKey()}\n`, { mode: keyFileMode })
    try {
      linkSync(made, path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    } finally {
      rmSync(made)
    }
  }
  return readFileSync(path, "utf8").trim()
}

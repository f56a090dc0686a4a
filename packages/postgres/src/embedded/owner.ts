import { spawnSync } from "node:child_process"
import { readFileSync, statSync } from "node:fs"

/** The operating system's user that a server runs as; Postgres refuses to run as root. */
export interface Owner {
  readonly uid: number
  readonly gid: number
  readonly name: string
}

/** Users without rights that most systems have, the fittest first. */
const candidates = ["sluice", "postgres", "nobody"] as const

/**
 * Says as whom the server must run: `undefined` means as we are.
 *
 * Only root must change, and keeps to the user who owns the data already.
 */
export function serverOwner(dataDir: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readUsers()
  const present = ownerOf(dataDir)
  const owner =
    users.find((user) => user.uid === present && user.uid !== 0) ??
    candidates.flatMap((name) => users.find((user) => user.name === name) ?? [])[0]
  if (owner !== undefined) return owner
  throw new Error(
    "Postgres does not run as root, and this system has no user sluice, postgres or nobody to run it as. " +
      "Create one (useradd --system sluice), run sluice as an ordinary user, or set DATABASE_URL",
  )
}

/** Says whether a user can work in a folder, or use a file, through all the folders above it. */
export function canReach(owner: Owner, path: string): boolean {
  // Asked of the system itself: modes alone would miss access lists and network file systems.
  const result = spawnSync("/bin/sh", ["-c", 'test -x "$1"', "sh", path], {
    uid: owner.uid,
    gid: owner.gid,
    cwd: "/",
    stdio: "ignore",
  })
  if (result.error === undefined) return result.status === 0
  throw new Error(
    `cannot run the database server as user ${owner.name}: ${result.error.message}. ` +
      "Run sluice as an ordinary user or set DATABASE_URL",
    { cause: result.error },
  )
}

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid
  } catch {
    return undefined
  }
}

function readUsers(): Owner[] {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .flatMap(([name, , uid, gid]) =>
      name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [],
    )
}

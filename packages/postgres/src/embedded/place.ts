/**
 * Where an embedded server keeps its things.
 *
 * Normally all is in the folder the caller names. When root starts it and the
 * server's user cannot reach that folder (a project under /root), the things live
 * in a system folder, and a note beside the named folder says where.
 */
import { createHash } from "node:crypto"
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { canReach, type Owner, serverOwner } from "./owner.ts"

/** The files of one embedded server. */
export interface Place {
  readonly root: string
  /** Postgres' own data folder. */
  readonly data: string
  readonly log: string
  readonly lock: string
  readonly users: string
  readonly password: string
  readonly owner: Owner | undefined
}

/** Finds or makes the place of the server that a folder stands for. */
export function openPlace(folder: string): Place {
  const wanted = resolve(folder)
  const note = `${wanted}.location`
  const noted = readNote(note)
  if (noted !== undefined) return makePlace(noted)
  const place = makePlace(wanted)
  if (place.owner === undefined || canReach(place.owner, place.root)) return place
  const elsewhere = makePlace(systemFolder(createHash("sha256").update(wanted).digest("hex").slice(0, 16)))
  writeFileSync(note, `${elsewhere.root}\n`)
  return elsewhere
}

/** A folder of ours that every user can reach; made when it is not there. */
export function systemFolder(name: string): string {
  for (const base of ["/var/lib/sluice", join(tmpdir(), `sluice-${process.getuid?.() ?? "user"}`)]) {
    try {
      const folder = join(base, name)
      makeFolder(base)
      makeFolder(folder)
      return folder
    } catch {
      continue
    }
  }
  throw new Error(
    "found no folder that the database server's user can reach. Make /var/lib/sluice, run sluice as an ordinary user, or set DATABASE_URL",
  )
}

/** Makes a folder that others may at most pass through; refuses one that someone else prepared. */
function makeFolder(path: string): void {
  // Root's server runs as another user, who must pass.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  mkdirSync(path, { recursive: true, mode })
  if (process.getuid !== undefined && statSync(path).uid !== process.getuid()) {
    throw new Error(`${path} belongs to another user`)
  }
  // The mode of mkdir is cut by the umask.
  chmodSync(path, mode)
}

function makePlace(root: string): Place {
  try {
    mkdirSync(dirname(root), { recursive: true })
    makeFolder(root)
  } catch (error) {
    throw new Error(
      `cannot use ${root} for the embedded database: ${(error as Error).message}. ` +
        "Make the folder writable, run as the user who made it, or set DATABASE_URL",
      { cause: error },
    )
  }
  const data = join(root, "data")
  return {
    root,
    data,
    log: join(root, "server.log"),
    lock: join(root, "lock"),
    users: join(root, "users"),
    password: join(root, "password"),
    owner: serverOwner(data),
  }
}

function readNote(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  const noted = readFileSync(path, "utf8").trim()
  return existsSync(noted) ? noted : undefined
}

/**
 * The pages of the web UI, served from memory.
 *
 * A request names a file of the folder or it names a view: views are the page's own matter, so they all get the one HTML
 * document. Nothing of a request becomes a path on disk.
 */
import { createHash } from "node:crypto"
import { readdir, readFile, stat } from "node:fs/promises"
import { extname, join, relative, sep } from "node:path"
import { promisify } from "node:util"
import { gzip } from "node:zlib"

/** Where the built pages are. Asked at each visit: in a checkout of the sources they are built when they are needed. */
export type UiFolder = () => Promise<string>

/** A file as it is sent. */
export interface UiFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Null: it does not get smaller. */
  readonly gzipped: Uint8Array<ArrayBuffer> | null
  readonly contentType: string
  readonly etag: string
}

/** The files of a build by their address. */
export type UiFiles = ReadonlyMap<string, UiFile>

/** The address of the document that every view begins with. */
export const documentAddress = "/index.html"

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
}

const compress = promisify(gzip)

/** Makes a reader of the newest build: a build that is still the same is not read again. */
export function makeUiFiles(folder: UiFolder): () => Promise<UiFiles> {
  let read: { readonly builtAt: number; readonly files: Promise<UiFiles> } | undefined
  return async () => {
    const path = await folder()
    const { mtimeMs: builtAt } = await stat(join(path, documentAddress))
    if (read?.builtAt !== builtAt) read = { builtAt, files: readFolder(path) }
    return read.files
  }
}

async function readFolder(folder: string): Promise<UiFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const addressOf = (path: string) => `/${relative(folder, path).split(sep).join("/")}`
  return new Map(
    await Promise.all(paths.map(async (path) => [addressOf(path), await readUiFile(path)] as const)),
  )
}

async function readUiFile(path: string): Promise<UiFile> {
  const bytes = new Uint8Array(await readFile(path))
  const smaller = new Uint8Array(await compress(bytes, { level: 9 }))
  return {
    bytes,
    gzipped: smaller.length < bytes.length * 0.9 ? smaller : null,
    contentType: contentTypes[extname(path)] ?? "application/octet-stream",
    etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 27)}"`,
  }
}

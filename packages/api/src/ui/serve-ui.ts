import type { Context } from "hono"
import type { makeRouter } from "../endpoint.ts"
import { ApiError } from "../problem.ts"
import { documentAddress, makeUiFiles, type UiFile, type UiFolder } from "./ui-files.ts"

/**
 * What a page may load: what this server has, and nothing from anywhere else.
 *
 * Styles may stand in the document, because the components place popups with them; scripts may not.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ")

/** Files under this address have their hash in their name: the same name is the same content for ever. */
const hashedAddress = "/assets/"

const yearSeconds = 31_536_000

/** Addresses that are the API's: what is not there is told as JSON, not as a page. */
const isOfApi = (path: string) => path.startsWith("/api/") || path.startsWith("/auth/")

/** Serves the web UI where no route of the API is. Goes last. */
export function serveUi(app: ReturnType<typeof makeRouter>, folder: UiFolder): void {
  const currentFiles = makeUiFiles(folder)
  app.get("*", async (c) => {
    const { path } = c.req
    if (isOfApi(path)) throw nothing()
    const files = await currentFiles()
    const file = files.get(path)
    if (file !== undefined && path !== documentAddress)
      return send(
        c,
        file,
        path.startsWith(hashedAddress) ? `public, max-age=${yearSeconds}, immutable` : "no-cache",
      )
    // A folder with a document of its own is a page of its own.
    const own = files.get(`${path.replace(/\/+$/, "")}${documentAddress}`)
    // A file that is gone is told so: a page in place of a script would only confuse.
    const document = own ?? files.get(documentAddress)
    if (path.startsWith(hashedAddress) || document === undefined) throw nothing()
    c.header("content-security-policy", contentSecurityPolicy)
    return send(c, document, "no-cache")
  })
}

function nothing(): ApiError {
  return new ApiError(404, "there is nothing at this address")
}

function send(c: Context, file: UiFile, cacheControl: string): Response {
  c.header("etag", file.etag)
  c.header("cache-control", cacheControl)
  c.header("vary", "accept-encoding")
  if (c.req.header("if-none-match")?.includes(file.etag) === true) return c.body(null, 304)
  c.header("content-type", file.contentType)
  const acceptsGzip = /\bgzip\b/.test(c.req.header("accept-encoding") ?? "")
  if (!acceptsGzip || file.gzipped === null) return c.body(file.bytes)
  c.header("content-encoding", "gzip")
  return c.body(file.gzipped)
}

import { isIP } from "node:net"
import type { Server } from "node:http"
import { createAdaptorServer } from "@hono/node-server"

/** A server that listens. */
export interface RunningServer {
  /** Where it is reached: `http://127.0.0.1:8080`. */
  readonly url: string
  /** Takes no more requests, lets running ones end for so long, then cuts them off. Again gives the same end. */
  close(graceMs: number): Promise<void>
}

/** An address is asked for that others can reach, without saying that a proxy encrypts what comes. */
export class UnsafeAddress extends Error {
  override readonly name = "UnsafeAddress"
}

/** Whether an address is reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))
}

/**
 * Serves an application over HTTP.
 *
 * There is no TLS here: an address that other machines reach is refused unless a proxy in front of it encrypts.
 */
export function serveApi(options: {
  readonly fetch: (request: Request, env: object) => Response | Promise<Response>
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  readonly isBehindTlsProxy: boolean
}): Promise<RunningServer> {
  const { host, port } = options
  if (!isLoopback(host) && !options.isBehindTlsProxy)
    return Promise.reject(
      new UnsafeAddress(
        `the address ${host} can be reached by other machines, and passwords would travel in the clear`,
      ),
    )
  const server = createAdaptorServer({ fetch: options.fetch }) as Server
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen({ host, port }, () => {
      server.off("error", reject)
      resolve(running(server, host))
    })
  })
}

function running(server: Server, host: string): RunningServer {
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  let ending: Promise<void> | undefined
  const end = async (graceMs: number) => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    const timer = setTimeout(() => server.closeAllConnections(), graceMs)
    await closed
    clearTimeout(timer)
  }
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    close: (graceMs) => (ending ??= end(graceMs)),
  }
}

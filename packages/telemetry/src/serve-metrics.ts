import { createServer } from "node:http"
import type { MetricsText } from "./read-metrics.ts"

/** Metrics are told without a token: to this machine alone. */
const host = "127.0.0.1"

/** A server that listens. */
export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/** Serves metrics at `/metrics`, to this machine alone; port 0 is any that is free. */
export function serveMetrics(port: number, read: () => Promise<MetricsText>): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url !== "/metrics") {
      response.writeHead(404).end("metrics are at /metrics\n")
      return
    }
    read().then(
      ({ contentType, text }) => response.writeHead(200, { "content-type": contentType }).end(text),
      (error: unknown) => response.writeHead(503).end(`${String(error)}\n`),
    )
  })
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen({ host, port }, () => {
      server.off("error", reject)
      const address = server.address()
      const listening = typeof address === "object" && address !== null ? address.port : port
      resolve({
        url: `http://${host}:${listening}/metrics`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            server.closeAllConnections()
          }),
      })
    })
  })
}

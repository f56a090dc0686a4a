import { createServer } from "node:http"
import { json } from "node:stream/consumers"
import { onTestFinished } from "vitest"

interface Span {
  readonly name: string
  readonly traceId: string
}
interface SentTraces {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[]
}

/** A collector of traces, by OTLP, for one test. */
interface Collector {
  /** What makes a command tell it. */
  readonly env: Record<string, string>
  /** What it was told so far. */
  spans(): readonly Span[]
}

/** Opens a collector that answers, or one that takes what comes and says nothing. */
export async function openCollector({ answers }: { readonly answers: boolean }): Promise<Collector> {
  const sent: SentTraces[] = []
  const server = createServer((request, response) => {
    if (answers)
      void json(request).then((traces) => {
        sent.push(traces as SentTraces)
        response.writeHead(200, { "content-type": "application/json" }).end("{}")
      })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === "object" ? (address?.port ?? 0) : 0
  return {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    spans: () =>
      sent.flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
  }
}

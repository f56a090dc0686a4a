import { createServer, type Server } from "node:http"
import type { HostPool } from "@sluice/core/engine"
import { claimOne, complete, createRun, items, mapped, openStream, runEffect } from "@sluice/core/testing"
import { makeMemoryStore } from "@sluice/core/store"
import { Effect } from "effect"
import { afterEach, expect, it, onTestFinished, vi } from "vitest"
import { asksForTraces, openTraces } from "./index.ts"

interface SentSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code?: number; readonly message?: string }
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
}
interface SentTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SentSpan["attributes"] }
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
  }[]
}

/** Takes what is sent by OTLP, as a collector would. */
async function receive(): Promise<{ url: string; sent: SentTraces[]; server: Server }> {
  const sent: SentTraces[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on("data", (part: Buffer) => parts.push(part))
    request.on("end", () => {
      expect(request.url).toBe("/v1/traces")
      sent.push(JSON.parse(Buffer.concat(parts).toString("utf8")) as SentTraces)
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" ? (address?.port ?? 0) : 0
  return { url: `http://127.0.0.1:${port}`, sent, server }
}

afterEach(() => vi.unstubAllEnvs())

it("a run is a trace, of its tasks, of their leases, whichever process tells of which", async () => {
  const { url, sent, server } = await receive()
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
  vi.stubEnv("OTEL_SERVICE_NAME", "sluice-test")
  const memory = makeMemoryStore()
  const [scheduler, worker] = [await openTraces(), await openTraces()]
  const store = scheduler.traceStore(memory)
  const { run, ids } = await createRun({ store } as never, {
    dagId: "d",
    runId: "r",
    tasks: [mapped("load")],
  })
  const map = await openStream(store, run.id, ids["load"]!)
  await map.commit(items(3))
  const lost = new Error("the host is gone")
  const hosts = worker.traceHosts({ run: () => Promise.reject(lost) } as unknown as HostPool)
  const lease = await claimOne(store)
  const context = { contextId: ids["load"]!, dagId: "d", runId: "r", taskId: "load" }
  const work = { leaseId: lease.leaseId, firstIndex: 0, count: 3, tryNumber: 1 }
  await expect(hosts.run({ context, work } as never)).rejects.toBe(lost)
  await complete(store, lease)
  await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "enough", actor: "test" }))
  await Promise.all([worker.close(), scheduler.close()])
  server.close()

  const spans = sent.flatMap(({ resourceSpans }) => resourceSpans.flatMap(({ scopeSpans }) => scopeSpans))
  const byName = new Map(spans.flatMap((scope) => scope.spans).map((span) => [span.name, span]))
  const [whole, task, leased] = ["run d", "task load", "lease load"].map((name) => byName.get(name)!) as [
    SentSpan,
    SentSpan,
    SentSpan,
  ]
  expect(byName.size).toBe(3)
  expect([task.traceId, leased.traceId]).toEqual([whole.traceId, whole.traceId])
  expect([whole.parentSpanId ?? "", task.parentSpanId, leased.parentSpanId]).toEqual([
    "",
    whole.spanId,
    task.spanId,
  ])
  expect([whole.status, leased.status]).toMatchObject([
    { code: 2, message: "enough" },
    { code: 2, message: "the host is gone" },
  ])
  expect(Number(whole.startTimeUnixNano) / 1e6).toBeCloseTo(run.startedAt!.getTime(), -1)
  const ofTask = Object.fromEntries(task.attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
  expect(ofTask).toMatchObject({ "sluice.run_id": "r", "sluice.task_id": "load", "sluice.instances": 3 })
  const names = sent[0]!.resourceSpans[0]!.resource.attributes.filter(({ key }) => key === "service.name")
  expect(names).toEqual([{ key: "service.name", value: { stringValue: "sluice-test" } }])
})

it("a collector that is away stops nothing", async () => {
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
  vi.stubEnv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
  const traces = await openTraces()
  const store = traces.traceStore(makeMemoryStore())
  const { run } = await createRun({ store } as never, { dagId: "d", runId: "r", tasks: [mapped("load")] })
  expect(await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "x", actor: "test" }))).toBe(true)
  await traces.close()
})

it("a database that does not answer keeps nobody from ending", async () => {
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
  const traces = await openTraces()
  const store = traces.traceStore({ ...makeMemoryStore(), dagRunById: () => Effect.never })
  const { run } = await createRun({ store } as never, { dagId: "d", runId: "r", tasks: [mapped("load")] })
  await runEffect(store.cancelDagRun({ dagRunId: run.id, note: "x", actor: "test" }))
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
  onTestFinished(() => void vi.useRealTimers())
  const closed = traces.close()
  await vi.advanceTimersToNextTimerAsync()
  await closed
})

it("traces are asked for by OpenTelemetry's own names", () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318" }
  expect(asksForTraces({})).toBe(false)
  expect(asksForTraces({ OTEL_EXPORTER_OTLP_ENDPOINT: "" })).toBe(false)
  expect(asksForTraces(endpoint)).toBe(true)
  expect(asksForTraces({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://localhost:4318/v1/traces" })).toBe(true)
  expect(asksForTraces({ ...endpoint, OTEL_SDK_DISABLED: "true" })).toBe(false)
  expect(asksForTraces({ ...endpoint, OTEL_TRACES_EXPORTER: "none" })).toBe(false)
})

import { z } from "@hono/zod-openapi"
import { endpoint, makeRouter } from "../endpoint.ts"
import { ApiError } from "../problem.ts"

const metrics = endpoint({
  method: "get",
  path: "/metrics",
  operationId: "get_metrics",
  tags: ["Monitor"],
  summary: "What this server counts, and what is under way in its database, for Prometheus",
  role: "viewer",
  responses: {
    200: { description: "Prometheus' text format.", content: { "text/plain": { schema: z.string() } } },
  },
})

/** What Prometheus reads, with a token of a program. */
export function metricsRoutes() {
  return makeRouter().openapi(metrics, async (c) => {
    const { readMetrics } = c.var.services
    if (readMetrics === null) throw new ApiError(404, "this server keeps no metrics")
    const { contentType, text } = await readMetrics()
    return c.text(text, 200, { "content-type": contentType })
  })
}

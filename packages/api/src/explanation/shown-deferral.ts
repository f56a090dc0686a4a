import type { Json } from "@sluice/core"
import { z } from "@hono/zod-openapi"
import type { DeferralView, RoleRow } from "@sluice/core/store"
import { instant, instantOf } from "../wire/instant.ts"
import { showTrigger } from "./deferral.ts"

/** What an instance is deferred to, secrets hidden. */
export const deferralSchema = z.object({
  trigger: z.string(),
  name: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  resume: z.string(),
  since: instant,
  fires_at: instant.nullable(),
  timeout_at: instant.nullable(),
  triggerer: z.object({ id: z.string(), hostname: z.string(), pid: z.int() }).nullable(),
})

/** Shows a deferral; `roles` are those of which one may watch it. */
export function showDeferral(
  deferral: DeferralView,
  roles: readonly RoleRow[],
  readValue: (encoded: string) => Json,
): z.infer<typeof deferralSchema> {
  const { kind, name, parameters } = showTrigger(deferral.trigger, readValue)
  const { triggererId: id } = deferral
  const triggerer = roles.find(({ engine, role }) => engine === id && role === "triggerer")
  return {
    ...{ trigger: kind, name, parameters: parameters, resume: deferral.resume },
    since: instantOf(deferral.since),
    fires_at: instantOf(deferral.firesAt),
    timeout_at: instantOf(deferral.timeoutAt),
    triggerer:
      triggerer === undefined || id === null
        ? null
        : { id, hostname: triggerer.hostname, pid: triggerer.pid },
  }
}

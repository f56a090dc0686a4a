import { hiddenValue, hideSecrets, isSensitiveName } from "@sluice/core/secrets"
import type { Json } from "@sluice/core"
import type { TriggerSpec } from "@sluice/core/dag"

/** A trigger as people see it: its kind, and what it was made with, secrets hidden. */
export interface ShownTrigger {
  readonly kind: TriggerSpec["kind"]
  readonly name: string
  readonly parameters: Readonly<Record<string, Json>>
}

/** Shows a trigger. Values of headers are hidden all, since what they are for is not known. */
export function showTrigger(trigger: TriggerSpec, readValue: (encoded: string) => Json): ShownTrigger {
  switch (trigger.kind) {
    case "time":
      return { kind: "time", name: "at", parameters: { at: new Date(trigger.at).toISOString() } }
    case "delay":
      return { kind: "delay", name: "after", parameters: { ms: trigger.ms } }
    case "run":
      return {
        kind: "run",
        name: "runFinished",
        parameters: { dag_id: trigger.dagId, run_id: trigger.runId },
      }
    case "http": {
      const { url, method, headers, everyMs, statuses, json } = trigger
      const hidden = Object.fromEntries(Object.keys(headers).map((name) => [name, hiddenValue]))
      return {
        ...{ kind: "http", name: "httpPoll" },
        parameters: {
          ...{ url: hideInUrl(url), method, every_ms: everyMs },
          ...(Object.keys(headers).length > 0 && { headers: hidden }),
          ...(statuses !== null && { statuses: [...statuses] }),
          ...(json !== null && { json: { path: json.path, equals: json.equals } }),
        },
      }
    }
    case "file":
      return {
        kind: "file",
        name: "fileExists",
        parameters: { path: trigger.path, every_ms: trigger.everyMs },
      }
    case "user":
      return {
        kind: "user",
        name: trigger.name,
        parameters: { arguments: hideSecrets(readValue(trigger.args)) },
      }
  }
}

/** An address without its password, and without what stands under names of secrets. */
export function hideInUrl(address: string): string {
  const url = URL.parse(address)
  if (url === null) return address
  if (url.password !== "") url.password = hiddenValue
  for (const name of new Set(url.searchParams.keys()))
    if (isSensitiveName(name)) url.searchParams.set(name, hiddenValue)
  return url.href
}

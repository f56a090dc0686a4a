import type { ConfigSection } from "@sluice/api"
import { versionOfSluice } from "../version.ts"
import type { ApiOptions } from "./serve-api.ts"

/** What an API tells of how it was started: flags and environment, what is secret marked so. */
export function apiConfig(
  options: ApiOptions,
  given: { readonly databaseUrl: string; readonly hasOwnSigningSecret: boolean },
): ConfigSection[] {
  return [
    { name: "core", options: [{ key: "version", value: versionOfSluice() }] },
    {
      name: "api",
      options: [
        { key: "host", value: options.host },
        { key: "port", value: options.port },
        { key: "is_behind_tls_proxy", value: options.isBehindTlsProxy },
        { key: "cors_origins", value: options.corsOrigins.join(",") },
        {
          key: "sessions_signed_with",
          value: given.hasOwnSigningSecret ? "SLUICE_API_SECRET" : "the database's own",
        },
      ],
    },
    {
      name: "database",
      options: [{ key: "url", value: given.databaseUrl, isSecret: true }],
    },
  ]
}

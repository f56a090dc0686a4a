import type { ParseRequest, ParseStore } from "@sluice/core/store"
import { Effect } from "effect"
import type { Client } from "./client.ts"
import * as parses from "./sql/parse.ts"
import { call } from "./store-call.ts"

/** Runs that wait for a parse, over one client. */
export function parseVerbs(client: Client): ParseStore {
  return {
    claimParses: (options) =>
      call(client, "claimParses", (sql) => parses.claimParses(sql, options)).pipe(Effect.map(toRequests)),
    releaseParses: (options) => call(client, "releaseParses", (sql) => parses.releaseParses(sql, options)),
    attachRuns: ({ versions, upTo, limit }) =>
      call(client, "attachRuns", (sql) =>
        parses.attachRuns(sql, {
          dagIds: versions.map(({ dagId }) => dagId),
          versionIds: versions.map(({ dagVersionId }) => dagVersionId),
          upTo,
          limit,
        }),
      ),
    failUnparsedRuns: (options) =>
      call(client, "failUnparsedRuns", (sql) => parses.failUnparsedRuns(sql, options)),
  }
}

/** The DAGs of a file together. */
function toRequests(rows: readonly parses.ClaimedDag[]): ParseRequest[] {
  const byPath = Map.groupBy(rows, (row) => row.path)
  return [...byPath].map(([path, dags]) => ({
    path,
    dagIds: dags.map(({ dagId }) => dagId),
    upTo: dags.map(({ upTo }) => upTo).reduce((a, b) => (BigInt(a) > BigInt(b) ? a : b)),
  }))
}

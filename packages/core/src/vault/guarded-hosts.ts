/**
 * Hosts whose user code can read variables and connections, and tells no secret that it was given.
 *
 * What is secret in what was read is looked for in everything that comes out of any host of this process from then on:
 * log lines and errors. Results and XComs are the author's own, and are not touched.
 */
import {
  type EncodedReader,
  type HostPool,
  type LogEntry,
  type OtherOutcome,
  PullFailed,
  type TaskError,
} from "../host/host-pool.ts"
import { makeMasker, type Masker } from "../secrets/masker.ts"
import type { StoreService } from "../store/store.ts"
import { readConnection, readVariable, type Vault } from "./vault.ts"

/** Gives the hosts of a process what a vault has. */
export function guardHosts(
  hosts: HostPool,
  { store, vault }: { store: StoreService; vault: Vault },
): HostPool {
  const masker = makeMasker()
  const logs = (entries: readonly LogEntry[]) => maskLogs(masker, entries)
  const guarded = (reader: EncodedReader): EncodedReader => ({
    ...reader,
    readVariable: async (key) => {
      const read = await readVariable(store, vault, key)
      masker.add(read?.secrets ?? [])
      return read?.found ?? null
    },
    readConnection: async (id) => {
      const read = await readConnection(store, vault, id)
      masker.add(read?.secrets ?? [])
      return read?.found ?? null
    },
  })
  return {
    run: (options) =>
      hosts.run({
        ...options,
        reader: guarded(options.reader),
        onBatch: (batch) =>
          options.onBatch(
            masker.hasAny()
              ? {
                  ...batch,
                  logs: logs(batch.logs),
                  others: batch.others.map((other) => maskOutcome(masker, other)),
                }
              : batch,
          ),
      }),
    pull: async (options) => {
      try {
        const page = await hosts.pull({ ...options, reader: guarded(options.reader) })
        return masker.hasAny() ? { ...page, logs: logs(page.logs) } : page
      } catch (error) {
        throw error instanceof PullFailed ? maskFailure(masker, error) : error
      }
    },
    runTrigger: async (options) => {
      const end = await hosts.runTrigger({ ...options, onLogs: (entries) => options.onLogs(logs(entries)) })
      return end.kind === "failed" ? { ...end, error: maskError(masker, end.error) } : end
    },
    warm: () => hosts.warm(),
    closeStream: (contextId) => hosts.closeStream(contextId),
    describe: (bundle, options) => hosts.describe(bundle, options),
    close: (options) => hosts.close(options),
  }
}

function maskLogs(masker: Masker, entries: readonly LogEntry[]): readonly LogEntry[] {
  if (!masker.hasAny()) return entries
  return entries.map((entry) => ({
    ...entry,
    message: masker.text(entry.message),
    fields: masker.value(entry.fields),
  }))
}

function maskOutcome(masker: Masker, outcome: OtherOutcome): OtherOutcome {
  if (outcome.kind === "failed") return { ...outcome, error: maskError(masker, outcome.error) }
  if (outcome.kind !== "skipped" || outcome.reason === null) return outcome
  return { ...outcome, reason: masker.text(outcome.reason) }
}

function maskError(masker: Masker, { type, message, stack }: TaskError): TaskError {
  return { type, message: masker.text(message), stack: stack === null ? null : masker.text(stack) }
}

function maskFailure(masker: Masker, { error, leafTaskId, retryable, logs }: PullFailed): PullFailed {
  return new PullFailed({
    ...{ leafTaskId, retryable },
    error: maskError(masker, error),
    logs: maskLogs(masker, logs),
  })
}

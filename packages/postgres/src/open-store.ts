import type { StoreService } from "@sluice/core/store"
import { createClient } from "./client.ts"
import { createNotifier } from "./notify.ts"
import { makePostgresStore } from "./store.ts"
import { makeWakeups } from "./wakeups.ts"

/** How a store connects. */
export interface OpenStoreOptions {
  readonly url: string
  readonly applicationName: string
  /** Connections for claim, complete, commit and fold. */
  readonly hotConnections?: number
  /** Connections for everything else. */
  readonly coldConnections?: number
}

/** A store with its connections. */
export interface OpenStore {
  readonly store: StoreService
  /** Statements sent since it was opened, notifications included. */
  readonly statements: () => number
  readonly close: () => Promise<void>
}

/** Connects a store to a migrated database; nothing is opened before the first call. */
export function openStore(options: OpenStoreOptions): OpenStore {
  const { url, applicationName } = options
  const hot = createClient({ url, applicationName, max: options.hotConnections ?? 6, hot: true })
  const cold = createClient({ url, applicationName, max: options.coldConnections ?? 3 })
  const notifier = createNotifier({ client: cold, url, applicationName })
  return {
    store: makePostgresStore({ hot, cold }, makeWakeups(notifier)),
    statements: () => hot.statements + cold.statements,
    close: async () => {
      await notifier.close()
      await Promise.all([hot.close(), cold.close()])
    },
  }
}

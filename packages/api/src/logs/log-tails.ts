import type { StoreService } from "@sluice/core/store"
import { type LogSource, type LogTail, makeLogTail } from "./log-tail.ts"

/** The logs that a server follows: one tail for each instance that is followed, while it is. */
export interface LogTails {
  readonly of: (source: LogSource) => LogTail
}

/** Makes the tails of a server. */
export function makeLogTails(store: StoreService): LogTails {
  const open = new Map<string, LogTail>()
  return {
    of: (source) => {
      const key = `${source.expansionId}/${source.mapIndex}`
      const tail = open.get(key) ?? makeLogTail({ store, source, onIdle: () => open.delete(key) })
      open.set(key, tail)
      return tail
    },
  }
}

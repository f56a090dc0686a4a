import type { DagRunRow, ExpansionView } from "@sluice/core/store"
import type { Session } from "../session.ts"

/** A run at one moment. */
export interface Snapshot {
  /** Milliseconds on this process's steady clock. */
  readonly at: number
  readonly run: DagRunRow
  readonly expansions: readonly ExpansionView[]
}

/** Gives a snapshot every `everyMs`, and a last one as soon as the run has ended. */
export async function* watchRun(
  session: Session,
  dagRunId: string,
  everyMs: number,
): AsyncGenerator<Snapshot, void> {
  let wake: () => void = () => {}
  const unsubscribe = session.store.onWake("run", () => wake())
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const snapshot = await takeSnapshot(session, dagRunId)
      yield snapshot
      if (isEnded(snapshot.run)) return
      await orAfter(everyMs, woken)
    }
  } finally {
    unsubscribe()
  }
}

/** Reads a run and its tasks. The run comes first, so that an ended one shows how its tasks ended. */
export async function takeSnapshot({ store, call }: Session, dagRunId: string): Promise<Snapshot> {
  const run = await call(store.dagRunById(dagRunId))
  const expansions = await call(store.expansionsOfRun(dagRunId))
  return { at: performance.now(), run, expansions }
}

/** Whether a run is over. */
export function isEnded(run: Pick<DagRunRow, "state">): boolean {
  return run.state === "success" || run.state === "failed"
}

async function orAfter(ms: number, woken: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([woken, timeout])
  clearTimeout(timer)
}

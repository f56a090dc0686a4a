import { changeMap } from "@sluice/core/engine"
import type { ExpansionView, MapChange } from "@sluice/core/store"
import type { CliContext } from "../context.ts"
import type { Session } from "../session.ts"
import { expansionJson } from "../view/json-view.ts"
import { mapDetails } from "../view/map-view.ts"
import { findMap } from "./find-map.ts"

/** Changes a map of a run, and shows how it then stands. */
export async function changeAndShow(
  context: CliContext,
  session: Session,
  options: {
    readonly reference: string
    readonly taskId: string
    readonly actor: string
    readonly isJson: boolean
    /** What is to be changed of it. */
    readonly change: (map: ExpansionView) => MapChange
  },
): Promise<void> {
  const { reference, taskId, actor, isJson } = options
  const { map } = await findMap(session, reference, taskId)
  const { expansionId } = map
  await session.call(changeMap(session.store, { expansionId, actor, change: options.change(map) }))
  const { map: changed } = await findMap(session, reference, taskId)
  const lines = isJson ? [JSON.stringify(expansionJson(changed))] : mapDetails(changed)
  for (const line of lines) await context.out.line(line)
}

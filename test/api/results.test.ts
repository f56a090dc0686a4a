import { expect, it } from "vitest"
import { openApi, type ServedApi } from "../harness/api.ts"
import { openWorld } from "../harness/world.ts"

interface Line {
  readonly type: string
  readonly map_index?: number
  readonly value?: unknown
  readonly cursor: string
}

/** A line without its cursor, which depends on the order of reading. */
function bare({ cursor: _cursor, ...line }: Line) {
  return line
}

/** Reads a stream of results until it ends or enough has come. */
async function readResults(api: ServedApi, path: string, enough = Infinity): Promise<Line[]> {
  const leaving = new AbortController()
  const headers = { authorization: `Bearer ${api.tokens.viewer}` }
  const response = await fetch(`${api.url}${path}`, { headers, signal: leaving.signal })
  expect(response.status).toBe(200)
  const lines: Line[] = []
  let rest = ""
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n")
    rest = parts.pop() ?? ""
    lines.push(...parts.map((part) => JSON.parse(part) as Line))
    if (lines.length >= enough) break
  }
  leaving.abort()
  return lines.slice(0, enough)
}

it("follows a map while it runs, goes on at any cursor on another server, and misses and doubles nothing", async () => {
  const world = await openWorld({ dagFiles: ["windows"], engines: [{}] })
  const [first, second] = [await openApi(world), await openApi(world)]
  const run = await world.startRun("steady")
  const task = (await run.views()).find((view) => view.kind === "mapped")!.taskId
  const path = `/api/v2/dags/${run.dagId}/dagRuns/${run.runId}/expansions/${task}/results`
  const begun = await readResults(first, path, 30)
  const early = await readResults(first, `${path}?order=completed`, 50)
  const [rest, late] = await Promise.all([
    readResults(second, `${path}?after=${begun.at(-1)!.cursor}`),
    readResults(second, `${path}?order=completed&after=${early.at(-1)!.cursor}`),
  ])
  await run.untilEnd()
  const all = [...begun, ...rest]
  const results = all.filter(({ type }) => type === "result")
  expect(results.map((line) => line.map_index)).toEqual(results.map((_, index) => index))
  const { created } = await run.view(task)
  expect(results).toHaveLength(created)
  expect(all.at(-1)).toMatchObject({ type: "end", is_broken: false })
  const completed = [...early, ...late].filter(({ type }) => type === "result")
  expect(completed.toSorted((a, b) => a.map_index! - b.map_index!).map(bare)).toEqual(results.map(bare))
  const again = await readResults(first, path)
  expect(again.filter(({ type }) => type === "result").map(({ value }) => value)).toEqual(
    results.map(({ value }) => value),
  )
  const logged = await readResults(
    first,
    path.replace(/expansions.*/, `taskInstances/${task}/logs/0/tail?map_index=0`),
  )
  expect(logged.at(-1)).toMatchObject({ type: "end", state: "success" })
  expect([...first.failures, ...second.failures]).toEqual([])
})

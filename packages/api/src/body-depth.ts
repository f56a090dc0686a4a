import { createMiddleware } from "hono/factory"
import type { ApiEnv } from "./environment.ts"
import { invalid } from "./problem.ts"

/** How deep the arrays and objects of a body may go. What reads them calls itself, in here, in the database, in clients. */
export const bodyDepthMax = 100

/** Refuses a body that goes too deep, before anything goes down into it. */
export const refuseDeepBody = createMiddleware<ApiEnv>(async (c, next) => {
  if (isDeeperThan(await c.req.text(), bodyDepthMax))
    throw invalid(["body"], `arrays and objects go deeper than ${bodyDepthMax} in it`)
  await next()
})

const quote = 34
const backslash = 92
const openings = new Set([91, 123])
const closings = new Set([93, 125])

/** Whether brackets that are in no text go so deep. What is no JSON is told later, and not by this. */
function isDeeperThan(json: string, depthMax: number): boolean {
  let depth = 0
  let isText = false
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (isText && code === backslash) at += 1
    else if (code === quote) isText = !isText
    else if (isText) continue
    else if (openings.has(code) && ++depth > depthMax) return true
    else if (closings.has(code)) depth -= 1
  }
  return false
}

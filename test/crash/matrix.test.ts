/**
 * The crash matrix: each role is killed with SIGKILL before and after each statement it sends, while a run goes on; whatever
 * takes its place must end the run with nothing lost and nothing doubled.
 *
 * `npm run matrix` writes what it finds into docs/reliability.md; each run checks that the document names these points.
 * SLUICE_MATRIX_TRIALS says how often each point is tried.
 */
import { engineRoles } from "@sluice/core/engine"
import { afterAll, describe, expect, it } from "vitest"
import { type Lane, MatrixLane, type Trial } from "../harness/chaos/matrix-trial.ts"
import { matrixPoints, nameOf } from "../harness/chaos/points.ts"
import { PlannerLane } from "../harness/chaos/planner-lane.ts"
import { pointsInDocument, writeTable } from "../harness/chaos/reliability-table.ts"
import { openWorld } from "../harness/world.ts"

const trialsPerPoint = Number(process.env["SLUICE_MATRIX_TRIALS"] ?? 1)
const isWriting = process.env["SLUICE_MATRIX_WRITE"] === "1"
const msPerTrialMax = 90_000

const trials: Trial[] = []
afterAll(() => {
  if (isWriting) writeTable(trials)
})

describe.concurrent("a process that is killed", () => {
  it.each(engineRoles.filter((role) => matrixPoints.some((point) => point.role === role)))(
    "loses and doubles nothing, wherever it stands: %s",
    { timeout: matrixPoints.length * trialsPerPoint * msPerTrialMax },
    async (role) => {
      const isPlanner = role === "planner"
      const world = await openWorld({ dagFiles: [isPlanner ? "schedules" : "chaos"] })
      const lane: Lane = isPlanner ? await PlannerLane.open(world) : await MatrixLane.open(world, role)
      for (const point of matrixPoints.filter((one) => one.role === role)) {
        for (let trial = 0; trial < trialsPerPoint; trial++) {
          const found = await lane.run(point)
          trials.push(found)
          const state = point.conf?.["breaksAt"] === undefined ? "success" : "failed"
          expect(found, `${role} dies ${nameOf(point)}`).toMatchObject({
            state,
            lost: 0,
            doubled: 0,
            left: 0,
            complaints: [],
          })
          expect(found.pulledAgain).toBeLessThanOrEqual(2)
        }
      }
      expect(await lane.close()).toEqual([0, 0])
    },
  )
})

it("is a table in docs/reliability.md, with the same points", () => {
  if (isWriting) return
  expect(pointsInDocument()).toEqual(matrixPoints.map((point) => `${point.role} ${nameOf(point)}`))
})

import { expect, it } from "vitest"
import { mixOfTasks, partsOf, shortName, treeOf } from "./groups.ts"

const task = (id: string, group: string | null = null) => ({ task_id: id, task_group_id: group })
const groups = [
  { group_id: "load", parent_id: null },
  { group_id: "load.check", parent_id: "load" },
]
const tasks = [
  task("start"),
  task("load.read", "load"),
  task("end"),
  task("load.check.rows", "load.check"),
  task("load.store", "load"),
]

it("puts groups where their first task stands, and leaves out what is closed", () => {
  const lines = (closed: readonly string[]) =>
    treeOf(tasks, groups, new Set(closed)).map((row) => `${"  ".repeat(row.depth)}${row.id}`)
  expect(lines([])).toEqual([
    "start",
    "load",
    "  load.read",
    "  load.check",
    "    load.check.rows",
    "  load.store",
    "end",
  ])
  expect(lines(["load.check"])).toEqual([
    "start",
    "load",
    "  load.read",
    "  load.check",
    "  load.store",
    "end",
  ])
  expect(lines(["load", "load.check"])).toEqual(["start", "load", "end"])
  expect(treeOf(tasks, groups, new Set())[1]).toMatchObject({
    taskIds: ["load.read", "load.check.rows", "load.store"],
  })
})

it("draws closed groups as boxes, and open ones around what is in them", () => {
  const open = partsOf(tasks, groups, new Set(["load.check"]))
  expect(open.tasks.map((one) => one.task_id)).toEqual(["start", "load.read", "end", "load.store"])
  expect(open.boxes.map(({ id, tasks: inside }) => [id, inside.length])).toEqual([["load.check", 1]])
  expect(open.frames).toEqual(["load"])
  expect(open.frameOf.get("load.check")).toBe("load")
  expect(open.standsFor.get("load.check.rows")).toBe("load.check")
  const closed = partsOf(tasks, groups, new Set(["load"]))
  expect([closed.frames, closed.boxes[0]?.tasks.length]).toEqual([[], 3])
  expect(partsOf(tasks, groups, new Set()).frames).toEqual(["load", "load.check"])
})

it("counts each task of a group once", () => {
  expect(mixOfTasks(["success", "open", "draining", "waiting", "cancelled"])).toEqual({
    ...{ success: 1, running: 2, scheduled: 1, upstream_failed: 1 },
  })
})

it("shortens a name by that of the group around it", () => {
  expect(shortName("load.read", "load")).toBe("read")
  expect(shortName("loader", "load")).toBe("loader")
  expect(shortName("start", null)).toBe("start")
})

import { completeEdge, mapped, serializedDag, streamEdge } from "@sluice/core/testing"
import { expect, it } from "vitest"
import { changesOf } from "./dag-changes.ts"

const before = serializedDag({
  tasks: [
    { taskId: "extract", retries: 1 },
    { taskId: "check" },
    mapped("load", { mapping: { window: 100 } }),
  ],
  edges: [completeEdge("extract", "check"), streamEdge("extract", "load")],
})

it("finds nothing between a version and itself", () => {
  expect(changesOf(before, before)).toEqual({ options: [], tasks: [], task_groups: [], edges: [] })
})

it("tells what was added, removed and changed, options by their path", () => {
  const paramsSchema = { type: "object", properties: { pageSize: { type: "integer" } } }
  const after = {
    ...serializedDag({
      tasks: [
        { taskId: "extract", retries: 3, groupId: "in" },
        mapped("load", { mapping: { window: 500 } }),
        { taskId: "mail" },
      ],
      edges: [completeEdge("extract", "load"), completeEdge("load", "mail")],
    }),
    ...{ schedule: "@daily", paramsSchema, groups: [{ groupId: "in", parent: null }] },
  }
  expect(changesOf(before, after)).toEqual({
    options: [
      { option: "params_schema.properties.pageSize.type", before: null, after: "integer" },
      { option: "params_schema.type", before: null, after: "object" },
      { option: "schedule", before: null, after: "@daily" },
    ],
    tasks: [
      {
        task_id: "extract",
        change: "changed",
        options: [
          { option: "group_id", before: null, after: "in" },
          { option: "retries", before: 1, after: 3 },
        ],
      },
      {
        task_id: "load",
        change: "changed",
        options: [{ option: "mapping.window", before: 100, after: 500 }],
      },
      { task_id: "mail", change: "added", options: [] },
      { task_id: "check", change: "removed", options: [] },
    ],
    task_groups: [{ group_id: "in", change: "added" }],
    edges: [
      { upstream: "extract", downstream: "load", kind: "complete", change: "added" },
      { upstream: "load", downstream: "mail", kind: "complete", change: "added" },
      { upstream: "extract", downstream: "check", kind: "complete", change: "removed" },
      { upstream: "extract", downstream: "load", kind: "stream", change: "removed" },
    ],
  })
})

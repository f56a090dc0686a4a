import { dagRunTransitions, expansionTransitions, taskInstanceTransitions } from "@sluice/core/state"
import { expect, it } from "vitest"
import { textOf } from "../tidy/source-files.ts"
import { stateDiagram } from "./state-diagram.ts"

it.each([
  ["DagRun", dagRunTransitions],
  ["Expansion", expansionTransitions],
  ["TaskInstance", taskInstanceTransitions],
])("docs/state-machines.md draws the transitions of %s as the code has them", (_name, transitions) => {
  expect(textOf("docs/state-machines.md")).toContain(stateDiagram(transitions))
})

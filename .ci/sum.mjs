// Prints the sum of all runners: each test of the test runner, and each other step as one.
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const folder = process.argv[2] ?? "."
const steps = existsSync(join(folder, "steps"))
  ? readFileSync(join(folder, "steps"), "utf8").trim().split("\n")
  : []
// The steps that run tests, each with its report.
const reports = new Map(
  [
    ["test", "vitest.json"],
    ["browser", "browser.json"],
  ]
    .map(([step, name]) => [step, join(folder, name)])
    .filter(([, path]) => existsSync(path))
    .map(([step, path]) => [step, JSON.parse(readFileSync(path, "utf8"))]),
)

let passed = 0
let failed = 0
for (const step of steps) {
  // A step of tests is counted by its tests; without a report it failed before it could run any.
  if (reports.has(step.split(" ")[0])) continue
  if (step.endsWith(" passed")) passed += 1
  else failed += 1
}
for (const tests of reports.values()) {
  passed += tests.numPassedTests
  // A file that could not be loaded has no tests, and is a failure all the same.
  failed += tests.numFailedTests
  if (tests.numFailedTests === 0 && !tests.success) failed += 1
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1

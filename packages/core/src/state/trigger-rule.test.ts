import { fc, test } from "@fast-check/vitest"
import { expect } from "vitest"
import type { TriggerRule, UpstreamCounts } from "./trigger-rule.ts"
import { decideTrigger, triggerRules } from "./trigger-rule.ts"

const counts = (given: Partial<Omit<UpstreamCounts, "total">>) => ({
  total: 3,
  opened: 0,
  success: 0,
  failed: 0,
  skipped: 0,
  upstreamFailed: 0,
  ...{ setups: 0, setupSuccess: 0, setupSkipped: 0 },
  ...given,
})

test.each<[TriggerRule, Parameters<typeof counts>[0], string]>([
  ["all_success", { success: 2 }, "wait"],
  ["all_success", { success: 3 }, "run"],
  ["all_success", { success: 2, opened: 1 }, "run"],
  ["all_success", { failed: 1 }, "upstream_failed"],
  ["all_success", { skipped: 1 }, "wait"],
  ["all_success", { skipped: 1, success: 2 }, "skipped"],
  ["all_success", { skipped: 1, upstreamFailed: 1 }, "upstream_failed"],
  ["all_done", { success: 1, failed: 1 }, "wait"],
  ["all_done", { failed: 1, skipped: 1, upstreamFailed: 1 }, "run"],
  ["none_failed", { success: 1, skipped: 2 }, "run"],
  ["none_failed", { success: 1, failed: 1 }, "upstream_failed"],
  ["one_success", { success: 1 }, "run"],
  ["one_success", { failed: 2 }, "wait"],
  ["one_success", { failed: 2, skipped: 1 }, "upstream_failed"],
  ["one_success", { skipped: 3 }, "skipped"],
  ["all_failed", { failed: 1, upstreamFailed: 1 }, "wait"],
  ["all_failed", { failed: 2, upstreamFailed: 1 }, "run"],
  ["all_failed", { success: 1 }, "skipped"],
  ["all_failed", { skipped: 1 }, "skipped"],
  ["all_failed", { opened: 1 }, "skipped"],
  ["all_skipped", { skipped: 2 }, "wait"],
  ["all_skipped", { skipped: 3 }, "run"],
  ["all_skipped", { upstreamFailed: 1 }, "skipped"],
  ["all_done_min_one_success", { success: 1, failed: 1 }, "wait"],
  ["all_done_min_one_success", { success: 1, failed: 2 }, "run"],
  ["all_done_min_one_success", { skipped: 2, failed: 1 }, "upstream_failed"],
  ["all_done_min_one_success", { skipped: 3 }, "skipped"],
  ["all_done_setup_success", { failed: 2, setups: 1, setupSuccess: 1 }, "wait"],
  ["all_done_setup_success", { success: 1, failed: 2, setups: 1, setupSuccess: 1 }, "run"],
  ["all_done_setup_success", { success: 1, failed: 2, setups: 2, setupSuccess: 1 }, "run"],
  ["all_done_setup_success", { failed: 2, skipped: 1, setups: 2, setupSkipped: 1 }, "upstream_failed"],
  ["all_done_setup_success", { success: 2, skipped: 1, setups: 1, setupSkipped: 1 }, "skipped"],
  ["all_done_setup_success", { failed: 1, upstreamFailed: 2, setups: 1 }, "upstream_failed"],
  ["all_done_setup_success", { success: 1, opened: 1, failed: 1, setups: 0 }, "run"],
  ["one_failed", { success: 2 }, "wait"],
  ["one_failed", { upstreamFailed: 1 }, "run"],
  ["one_failed", { success: 2, skipped: 1 }, "skipped"],
  ["one_done", { upstreamFailed: 2 }, "wait"],
  ["one_done", { failed: 1 }, "run"],
  ["one_done", { upstreamFailed: 2, skipped: 1 }, "skipped"],
  ["none_failed_min_one_success", { success: 1, skipped: 1 }, "wait"],
  ["none_failed_min_one_success", { success: 1, skipped: 2 }, "run"],
  ["none_failed_min_one_success", { skipped: 3 }, "skipped"],
  ["none_failed_min_one_success", { success: 1, failed: 1 }, "upstream_failed"],
  ["none_skipped", { failed: 2 }, "wait"],
  ["none_skipped", { failed: 2, success: 1 }, "run"],
  ["none_skipped", { skipped: 1 }, "skipped"],
  ["always", {}, "run"],
])("%s with %j of three upstream tasks says %s", (rule, given, expected) => {
  expect(decideTrigger(rule, counts(given))).toBe(expected)
})

test.prop([
  fc.constantFrom(...triggerRules),
  fc.array(fc.constantFrom("success", "failed", "skipped", "upstreamFailed", "opened"), {
    minLength: 1,
    maxLength: 6,
  }),
])("a verdict given early is the verdict at the end", (rule, outcomes) => {
  const tally = (seen: readonly string[]) => {
    const result: Record<string, number> = { ...counts({}), total: outcomes.length }
    for (const outcome of seen) result[outcome] = (result[outcome] ?? 0) + 1
    return result as unknown as ReturnType<typeof counts>
  }
  const verdicts = outcomes.map((_, index) => decideTrigger(rule, tally(outcomes.slice(0, index + 1))))
  const first = verdicts.find((verdict) => verdict !== "wait")
  expect(verdicts.at(-1)).not.toBe("wait")
  expect(verdicts.at(-1)).toBe(first)
})

test.each(triggerRules)("%s runs a task that has no upstream", (rule) => {
  expect(decideTrigger(rule, { ...counts({}), total: 0 })).toBe("run")
})

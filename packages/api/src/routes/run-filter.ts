import { instants, pattern } from "../wire/query.ts"

/** What runs are filtered by wherever a list goes over runs. */
export const runFilterFields = {
  ...instants("run_after"),
  ...instants("logical_date"),
  run_id_pattern: pattern,
  dag_id_pattern: pattern,
}

/** What the help of commands with a pruner says of how long things are kept. */
export const retentionHelp =
  "How long the pruner keeps what has ended, in days: SLUICE_KEEP_RUNS_DAYS, SLUICE_KEEP_EVENTS_DAYS (event log),\n" +
  "SLUICE_KEEP_ASSET_EVENTS_DAYS, SLUICE_KEEP_LOGS_DAYS (of runs that are kept longer), SLUICE_KEEP_BACKFILLS_DAYS and\n" +
  "SLUICE_KEEP_VERSIONS_DAYS (of DAGs; both once they have no runs); SLUICE_KEEP_RUNS: so many runs of each DAG. What a\n" +
  "DAG says of its runs (keepRuns) comes first. Where nothing is said, all is kept."

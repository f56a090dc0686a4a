/** The arguments of every command about one map. */
export const mapArguments = [
  { name: "<run>", description: "run id, dag/run id, the beginning of one, or latest" },
  { name: "<task>", description: "the mapped task, or the source" },
] as const

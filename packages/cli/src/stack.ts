/** Frames that are not the author's: Node's own, libraries, and the host that calls the task. */
const foreignFrame =
  /\(<anonymous>\)|node:|node_modules|[\\/]packages[\\/]host[\\/]|[\\/]packages[\\/]core[\\/]/

/** Finds where in the author's code an error was thrown: `dags/cities.ts:12:5`. */
export function firstUserFrame(stack: string | null): string | null {
  if (stack === null) return null
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line))
  const own = frames.find((line) => !foreignFrame.test(line))
  return own === undefined ? null : placeOf(own)
}

function placeOf(frame: string): string {
  const place = /\(([^()]+)\)\s*$/.exec(frame)?.[1] ?? frame.replace(/^\s+at (async )?/, "")
  return place.replace(/^file:\/\//, "").trim()
}

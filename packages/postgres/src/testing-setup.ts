import { holdTestServer } from "./testing.ts"

/** Vitest's global setup: the test server, once started, lives until the run ends, and no longer. */
export default function setup(): () => Promise<void> {
  const held = holdTestServer()
  return () => held.release()
}

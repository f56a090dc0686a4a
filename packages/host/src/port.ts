// The one place that says where in core the port lives. The child imports none of the engine's code.

import type { ExecutionContext } from "@sluice/core/host"

export * from "@sluice/core/host"

/** Anything that survives JSON. */
export type Json = ExecutionContext["params"]

// The one place that says where in core the port lives. The child imports types of it alone: none of the engine's code.

import type { ExecutionContext } from "@sluice/core/engine"

export * from "@sluice/core/engine"

/** Anything that survives JSON. */
export type Json = ExecutionContext["params"]

import type { Output } from "./output.ts"

/** What a command knows of the world around it. */
export interface CliContext {
  /** The project's folder: where `.sluice` is, and what file names are relative to. */
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly out: Output
  readonly err: Output
}

import type { SimulationResult } from "./simulate.ts"

/** The command that lives through the world of a seed again and prints all that happens. */
export function replayCommand(seed: number, isFlickering = false): string {
  return `npm run simulate -- --seed ${seed} --trace${isFlickering ? " --flicker" : ""}`
}

/** Says how a world failed: the seed, what was injected, the last events, and how to see it again. */
export function describeFailure(result: SimulationResult): string {
  return [
    `seed ${result.seed}: ${result.failure ?? "nothing failed"}`,
    `replay: ${replayCommand(result.seed, result.isFlickering)}`,
    `dag: ${JSON.stringify(result.spec)}`,
    "faults (virtual ms):",
    ...result.faults.map((fault) => `  ${fault}`),
    "last events (virtual ms):",
    ...result.lines.map((line) => `  ${line}`),
  ].join("\n")
}

import type { ContractOptions, OpenStore } from "./harness.ts"
export function historyContract(_open: OpenStore, _options: ContractOptions): void {}

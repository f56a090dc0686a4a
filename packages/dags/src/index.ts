export {
  type DagProcessor,
  type DagProcessorOptions,
  makeDagProcessor,
  runDagProcessor,
} from "./processor/dag-processor.ts"
export type { ProcessedFile } from "./processor/process-dag-file.ts"
export { bundleDagFile } from "./bundle-dag-file.ts"
export { loadDagFile } from "./load-dag-file.ts"

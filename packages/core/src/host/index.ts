export {
  capturedBytesMax,
  capturedValuesMax,
  codeHashOf,
  structureHash,
  withCaptured,
} from "./captured-bundle.ts"
export * from "./host-pool.ts"

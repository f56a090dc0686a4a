export * from "./laws.ts"
export * from "./pipeline-spec.ts"
export { FakeUpstream } from "./build-pipeline.ts"
export { SourceLedger } from "./source-ledger.ts"

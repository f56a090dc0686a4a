export * from "./store-contract/index.ts"

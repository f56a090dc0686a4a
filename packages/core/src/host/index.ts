export * from "./host-pool.ts"

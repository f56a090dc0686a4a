export * from "../host/host-pool.ts"

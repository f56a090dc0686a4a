export * from "./guarded-hosts.ts"
export * from "./vault.ts"

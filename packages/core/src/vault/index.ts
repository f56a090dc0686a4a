export * from "./guarded-hosts.ts"
export * from "./rotate-secrets.ts"
export * from "./vault.ts"

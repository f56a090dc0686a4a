export * from "./extend-expansion.ts"
export * from "./plan-extension.ts"

export * from "./redrive.ts"
export * from "./selection.ts"

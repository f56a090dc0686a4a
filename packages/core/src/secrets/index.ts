export * from "./sensitive-names.ts"

export * from "./masker.ts"
export * from "./secret-box.ts"
export * from "./sensitive-names.ts"

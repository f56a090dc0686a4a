export * from "./open-test-api.ts"
export * from "./response-checker.ts"
export * from "./airflow-document.ts"

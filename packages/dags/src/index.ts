export { bundleDagFile } from "./bundle-dag-file.ts"
export { loadDagFile } from "./load-dag-file.ts"

export { createHostPool, type CountedHostPool } from "./create-host-pool.ts"
export { hostEnvironment } from "./environment.ts"
export type { HostPoolOptions } from "./options.ts"

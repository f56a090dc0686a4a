import { availableParallelism } from "node:os"
import type { Bundle } from "./port.ts"
import { valueBytesMax } from "./codec/index.ts"

/** How a pool's hosts are made and limited. Only `loadBundle` has no default. */
export interface HostPoolOptions {
  /** Gives the bundle of this hash; asked at most once by each host. */
  readonly loadBundle: (hash: string) => Promise<Bundle>
  /** Processes that run task instances; a further one pulls sources. Default: the number of cores, at most 2. */
  readonly hosts?: number
  /** Heap of each host. Default: 512. */
  readonly memoryLimitMb?: number
  /** A host that holds more memory than this is replaced once it is idle. Default: the heap limit and 256 more. */
  readonly recycleRssMb?: number
  /** A host that has work and does not answer for this long is killed. Default: 60,000. */
  readonly unresponsiveMs?: number
  /** What may still run this long after its signal was aborted; then its host is killed. Default: 5,000. */
  readonly abortGraceMs?: number
  /** How long evaluating a bundle may take in `describe`. Default: 10,000. */
  readonly describeMs?: number
  /** The largest encoded result. Default: 16 MiB. */
  readonly resultBytesMax?: number
  /** Environment variables for hosts, beside those that `hostEnvironment` lets through. */
  readonly env?: Readonly<Record<string, string>>
  /** The host's entry file, for who bundles this package. Default: the one beside this module. */
  readonly entry?: URL
}

/** The options of a pool with every default filled in. */
export type HostPoolSettings = Required<HostPoolOptions> & { readonly nodeFlags?: readonly string[] }

const hostsDefault = 2
const memoryLimitMbDefault = 512
const recycleExtraMb = 256

/** Fills in the defaults. */
export function hostPoolSettings(options: HostPoolOptions): HostPoolSettings {
  const memoryLimitMb = options.memoryLimitMb ?? memoryLimitMbDefault
  return {
    hosts: Math.min(hostsDefault, availableParallelism()),
    memoryLimitMb,
    recycleRssMb: memoryLimitMb + recycleExtraMb,
    unresponsiveMs: 60_000,
    abortGraceMs: 5_000,
    describeMs: 10_000,
    resultBytesMax: valueBytesMax,
    env: {},
    entry: defaultEntry(),
    ...options,
  }
}

/** From source beside the source, from a build beside the build. */
function defaultEntry(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./child/main.ts" : "./child/main.js", import.meta.url)
}

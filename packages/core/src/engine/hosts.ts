import { Context } from "effect"
import type { HostPool } from "../host/host-pool.ts"

/** The processes in which user code runs, as a service of the engine. */
export class Hosts extends Context.Service<Hosts, HostPool>()("@sluice/core/engine/Hosts") {}

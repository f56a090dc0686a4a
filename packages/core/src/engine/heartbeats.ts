import { hostname } from "node:os"
import { Effect } from "effect"
import type { Json } from "../json.ts"
import type { StoreService } from "../store/store.ts"
import { idly } from "../store/turn.ts"
import { roleLoop } from "./role-loop.ts"

/** How often a role says that it is alive before it counts as dead. */
const beatsPerLife = 4

/** How long a process that stops waits for its roles to be forgotten. */
const forgetMsMax = 2_000

/** The roles of one process. */
export interface BeatingRoles {
  readonly name: string
  readonly roles: readonly string[]
  /** How long a role may be silent before what it holds is taken back. */
  readonly deadAfterSeconds: number
  readonly info: Json
}

/** How long after a heartbeat the next one comes. */
export function beatMsOf({ deadAfterSeconds }: Pick<BeatingRoles, "deadAfterSeconds">): number {
  return (deadAfterSeconds * 1000) / beatsPerLife
}

/** Says again and again that the roles of a process are alive, and at its end that they are not any more. */
export function heartbeats(store: StoreService, options: BeatingRoles): Effect.Effect<never> {
  const { name, deadAfterSeconds, info } = options
  const idOf = (role: string) => `${role}/${name}`
  const where = { engine: name, deadAfterSeconds, hostname: hostname(), pid: process.pid, info }
  const beat = Effect.forEach(options.roles, (role) => store.heartbeat({ id: idOf(role), role, ...where }))
  const forget = Effect.forEach(options.roles, (role) => store.endRole(idOf(role)))
  return roleLoop("heartbeat", Effect.andThen(beat, idly(Effect.sleep(beatMsOf(options))))).pipe(
    Effect.ensuring(Effect.ignore(Effect.timeoutOption(forget, forgetMsMax))),
  )
}

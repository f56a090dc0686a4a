import type { Actor } from "./authenticator.ts"

/** The name under which what somebody does stands in the event log. */
export function actorOf({ kind, name }: Actor): string {
  return kind === "user" ? name : `token:${name}`
}

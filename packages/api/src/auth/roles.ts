import { type UserRole, userRoles } from "@sluice/core/store"

/** Whether a role may do what another is needed for. */
export function mayAct(role: UserRole, needed: UserRole): boolean {
  return userRoles.indexOf(role) >= userRoles.indexOf(needed)
}

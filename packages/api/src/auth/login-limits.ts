import { isIPv6 } from "node:net"
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"

/** Sign-ins that one address may try in a minute, whatever the user. */
export const loginsPerAddressMax = 30
const addressSeconds = 60

/** Wrong passwords for one user from one address before it must wait, and how long these are remembered. */
export const wrongPasswordsMax = 10
const wrongPasswordSeconds = 900

/** Too many tries to sign in. */
export class TooManyLogins extends Error {
  override readonly name = "TooManyLogins"
  readonly retryAfterSeconds: number
  constructor(retryAfterSeconds: number) {
    super(`too many tries to sign in; try again in ${retryAfterSeconds} seconds`)
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Counts tries to sign in, in this process. */
export interface LoginLimits {
  /** Counts a try; rejects with `TooManyLogins` when there were too many. */
  readonly count: (address: string, username: string) => Promise<void>
  /** Forgets a user's wrong passwords once the right one came. */
  readonly forget: (address: string, username: string) => Promise<void>
}

/** Makes limits that have counted nothing. A user is limited per address, so that nobody can be locked out by others. */
export function makeLoginLimits(): LoginLimits {
  const perAddress = new RateLimiterMemory({ points: loginsPerAddressMax, duration: addressSeconds })
  const perUser = new RateLimiterMemory({ points: wrongPasswordsMax, duration: wrongPasswordSeconds })
  const userKey = (address: string, username: string) => `${networkOf(address)} ${username}`
  return {
    count: async (address, username) => {
      try {
        await perAddress.consume(networkOf(address))
        await perUser.consume(userKey(address, username))
      } catch (error) {
        if (error instanceof RateLimiterRes) throw new TooManyLogins(Math.ceil(error.msBeforeNext / 1000))
        throw error
      }
    },
    forget: async (address, username) => {
      await perUser.delete(userKey(address, username))
    },
  }
}

/** An IPv6 customer has a whole /64 to itself: counted one by one, its addresses would never run out. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes(".")) return address
  const [head = "", tail = ""] = address.split("::")
  const groups = head === "" ? [] : head.split(":")
  const missing = address.includes("::") ? 8 - groups.length - (tail === "" ? 0 : tail.split(":").length) : 0
  return [...groups, ...Array.from({ length: missing }, () => "0"), ...tail.split(":")].slice(0, 4).join(":")
}

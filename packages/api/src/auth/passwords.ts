import { randomBytes, scrypt, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"

/** scrypt's cost: 2^15 blocks of 1 KiB (32 MiB), three times; one of the settings that OWASP names. */
const cost = { logN: 15, r: 8, p: 3 } as const
const saltBytes = 16
const keyBytes = 32
/** Twice what a hash of this cost needs. */
const memoryBytesMax = 64 * 1024 * 1024

/** The shortest password that is taken, and the longest that is hashed. */
export const passwordLengthMin = 8
export const passwordLengthMax = 1024

/** How many passwords are hashed at once, and how many may wait for that: each takes 32 MiB and a core. */
export const hashesAtOnceMax = 2
const hashesWaitingMax = 64

/** Too many passwords wait to be checked. */
export class HashingBusy extends Error {
  override readonly name = "HashingBusy"
}

const derive = promisify<string, Buffer, number, object, Buffer>(scrypt)

/** Hashes a password with a new salt; the text says how, so that the cost can grow later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes)
  const key = await withinLimit(() => deriveKey(password, salt, cost))
  return ["scrypt", cost.logN, cost.r, cost.p, salt.toString("base64"), key.toString("base64")].join("$")
}

/** Whether a password is the one that was hashed; takes as long when it is not. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [kind, logN, r, p, salt = "", key = ""] = hash.split("$")
  if (kind !== "scrypt") throw new Error(`a password is hashed with "${kind}"; expected scrypt`)
  const expected = Buffer.from(key, "base64")
  const given = await withinLimit(() =>
    deriveKey(password, Buffer.from(salt, "base64"), { logN: Number(logN), r: Number(r), p: Number(p) }),
  )
  return expected.length === given.length && timingSafeEqual(expected, given)
}

/** A hash that no password fits, to be checked where there is no user: the answer takes as long. */
export const hashOfNobody: string = [
  "scrypt",
  cost.logN,
  cost.r,
  cost.p,
  randomBytes(saltBytes).toString("base64"),
  randomBytes(keyBytes).toString("base64"),
].join("$")

function deriveKey(
  password: string,
  salt: Buffer,
  { logN, r, p }: { logN: number; r: number; p: number },
): Promise<Buffer> {
  return derive(password.normalize("NFKC"), salt, keyBytes, { N: 2 ** logN, r, p, maxmem: memoryBytesMax })
}

let running = 0
const waiting: (() => void)[] = []

async function withinLimit<A>(work: () => Promise<A>): Promise<A> {
  if (running >= hashesAtOnceMax) {
    if (waiting.length >= hashesWaitingMax) throw new HashingBusy("too many passwords wait to be checked")
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else running += 1
  try {
    return await work()
  } finally {
    // The place goes over to the next one, or back.
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }
}

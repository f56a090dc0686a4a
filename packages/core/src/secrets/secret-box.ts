/**
 * Seals what is secret before it is stored: AES-256-GCM, with a key that the database never sees.
 *
 * What is sealed says which key it needs and for which place it is, so a wrong key is told from damage, and a text that
 * was copied to another row does not open there.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto"

/** The length of a key. */
export const secretKeyBytes = 32

const cipherName = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16
const version = "v1"

/** Seals and opens texts, each for its place. */
export interface SecretBox {
  readonly seal: (text: string, place: string) => string
  /** Throws `SecretUnreadable`. */
  readonly open: (sealed: string, place: string) => string
  /** Whether it was sealed with the key that seals now, as it says itself; it is not opened for that. */
  readonly isNewest: (sealed: string) => boolean
}

/** A key that is none. */
export class InvalidSecretKey extends Error {
  override readonly name = "InvalidSecretKey"
}

/** What was sealed cannot be opened: with another key, for another place, or damaged. */
export class SecretUnreadable extends Error {
  override readonly name = "SecretUnreadable"
}

/** Makes a key. */
export function makeSecretKey(): string {
  return randomBytes(secretKeyBytes).toString("base64url")
}

/** Makes a box: the first key seals, and each opens what it sealed, so that keys can be changed one after the other. */
export function makeSecretBox(keys: readonly string[]): SecretBox {
  const known = keys.map(readKey)
  const [first] = known
  if (first === undefined) throw new InvalidSecretKey("no key came; expected at least one")
  return {
    seal: (text, place) => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(cipherName, first.bytes, nonce).setAAD(Buffer.from(place))
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
      const sealed = Buffer.concat([nonce, cipher.getAuthTag(), body])
      return `${version}.${first.id}.${sealed.toString("base64url")}`
    },
    isNewest: (sealed) => sealed.startsWith(`${version}.${first.id}.`),
    open: (sealed, place) => {
      const [form, id, body = ""] = sealed.split(".")
      const key = known.find((one) => one.id === id)
      if (form !== version || key === undefined)
        throw new SecretUnreadable(
          `${place} was sealed with another key (${id ?? "none"}); expected the one of ${known.map((one) => one.id).join(", ")}`,
        )
      const bytes = Buffer.from(body, "base64url")
      try {
        const decipher = createDecipheriv(cipherName, key.bytes, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
        decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
        return (
          decipher.update(bytes.subarray(nonceBytes + tagBytes), undefined, "utf8") + decipher.final("utf8")
        )
      } catch {
        throw new SecretUnreadable(`${place} is damaged, or was sealed for another place`)
      }
    },
  }
}

function readKey(text: string): { readonly id: string; readonly bytes: Buffer } {
  const bytes = Buffer.from(text.trim(), "base64")
  if (bytes.length !== secretKeyBytes)
    throw new InvalidSecretKey(
      `a secret key has ${bytes.length} bytes; expected ${secretKeyBytes} in base64, as of \`openssl rand -base64 ${secretKeyBytes}\``,
    )
  return { bytes, id: createHash("sha256").update(bytes).digest("base64url").slice(0, 8) }
}

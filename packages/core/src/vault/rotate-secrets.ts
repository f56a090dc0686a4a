/**
 * Seals everything anew with the newest key, so that older ones can go.
 *
 * A page at a time along the names, each written by one statement: what dies in between has lost nothing, and the next
 * one passes over what is done, which each sealed text says of itself. Writers are not held up: whatever they changed
 * since it was read stays as they wrote it.
 */
import { Effect } from "effect"
import { SecretUnreadable } from "../secrets/secret-box.ts"
import type { StoreService } from "../store/store.ts"
import { untilAvailable } from "../store/store-retry.ts"
import {
  type ResealedText,
  type SealedPart,
  sealedParts,
  type SealedText,
  sealedTextsMax,
} from "../store/vault-store.ts"
import type { Vault } from "./vault.ts"

/** A sealed text that does not open: no key of ours sealed it, or it is damaged. */
export interface UnreadableSecret {
  readonly part: SealedPart
  readonly name: string
  readonly reason: string
}

/** How many sealed texts ended which way. */
export interface RotatedSecrets {
  /** Sealed anew; with `isDryRun` those that would be. */
  readonly rotated: number
  /** The newest key had sealed them already. */
  readonly newest: number
  /** Changed or deleted by somebody else after they were read: they are as that left them. */
  readonly changed: number
  readonly unreadable: number
}

/** Seals anew what an older key sealed. Throws `SecretKeyMissing`. O(variables + connections). */
export async function rotateSecrets(
  store: StoreService,
  vault: Vault,
  options: {
    readonly actor: string
    readonly isDryRun: boolean
    readonly onUnreadable: (secret: UnreadableSecret) => Promise<void>
  },
): Promise<RotatedSecrets> {
  const counts = { rotated: 0, newest: 0, changed: 0, unreadable: 0 }
  for (const part of sealedParts)
    for await (const page of pagesOf(store, part)) {
      const texts: ResealedText[] = []
      for (const text of page) {
        const resealed = resealOrReason(vault, part, text)
        if (resealed === null) counts.newest += 1
        else if (typeof resealed === "string")
          texts.push({ name: text.name, from: text.sealed, to: resealed })
        else {
          counts.unreadable += 1
          await options.onUnreadable({ part, name: text.name, reason: resealed.message })
        }
      }
      const written =
        options.isDryRun || texts.length === 0
          ? texts.length
          : (await call(store.reseal({ part, texts, actor: options.actor }))).length
      counts.rotated += written
      counts.changed += texts.length - written
    }
  return counts
}

/** The sealed texts of a part, page by page along the names. */
async function* pagesOf(store: StoreService, part: SealedPart): AsyncGenerator<readonly SealedText[]> {
  for (let after: string | null = null; ;) {
    const page: readonly SealedText[] = await call(store.sealedTexts({ part, after, limit: sealedTextsMax }))
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    after = last.name
  }
}

function resealOrReason(
  vault: Vault,
  ...[part, text]: Parameters<Vault["reseal"]>
): string | SecretUnreadable | null {
  try {
    return vault.reseal(part, text)
  } catch (error) {
    if (error instanceof SecretUnreadable) return error
    throw error
  }
}

function call<A, E>(effect: Effect.Effect<A, E>): Promise<A> {
  return Effect.runPromise(untilAvailable(effect))
}

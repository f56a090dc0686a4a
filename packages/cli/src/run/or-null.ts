import { isTagged } from "@sluice/core/store"

/** What was looked for in the store; null where it does not exist. */
export async function orNull<A>(looking: Promise<A>): Promise<A | null> {
  try {
    return await looking
  } catch (error) {
    if (isTagged(error, "NotFound")) return null
    throw error
  }
}

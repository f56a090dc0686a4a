import type { Bundle, ExecutionContext } from "../port.ts"
import type { ToHost } from "../protocol.ts"

/** Contexts a host remembers; the one used longest ago is forgotten, and sent again when it is needed. */
const contextsMax = 500

/** Bundles a host may load before it is replaced: modules cannot be unloaded. */
export const bundlesMax = 50

/** What a host has been told, so that bundles and contexts go over once. */
export class HostContexts {
  readonly #bundles = new Set<string>()
  readonly #contexts = new Map<string, ExecutionContext>()

  get bundleCount(): number {
    return this.#bundles.size
  }

  lacksBundle(hash: string): boolean {
    return !this.#bundles.has(hash)
  }

  /** The messages that tell the host what it does not know yet. */
  missing(context: ExecutionContext, bundle: Bundle | null): ToHost[] {
    const messages: ToHost[] = []
    if (bundle !== null && this.lacksBundle(bundle.hash)) {
      this.#bundles.add(bundle.hash)
      messages.push({ kind: "bundle", bundle })
    }
    return [...messages, ...this.#missingContext(context)]
  }

  #missingContext(context: ExecutionContext): ToHost[] {
    const known = this.#contexts.get(context.contextId)
    // Setting again moves it to the end: a Map keeps the order of insertion.
    this.#contexts.delete(context.contextId)
    if (known !== undefined && isSameContext(known, context)) {
      this.#contexts.set(context.contextId, known)
      return []
    }
    this.#contexts.set(context.contextId, context)
    const [oldest] = this.#contexts.keys()
    const forget: ToHost[] =
      this.#contexts.size > contextsMax && oldest !== undefined ? [{ kind: "forget", contextId: oldest }] : []
    if (forget.length > 0 && oldest !== undefined) this.#contexts.delete(oldest)
    return [...forget, { kind: "context", context }]
  }
}

/** An engine may hand over a new object with each lease, and an upstream may have been run again in between. */
function isSameContext(a: ExecutionContext, b: ExecutionContext): boolean {
  if (a === b) return true
  const { params: paramsA, xcoms: xcomsA, ...restA } = a
  const { params: paramsB, xcoms: xcomsB, ...restB } = b
  return isSameRecord(restA, restB) && isSameRecord(xcomsA, xcomsB) && isSameJson(paramsA, paramsB)
}

function isSameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function isSameRecord(a: object, b: object): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Reflect.get(a, key) === Reflect.get(b, key))
  )
}

import { assetExtraBytesMax, isAsset, type JsonObject } from "@sluice/core/dag"

/** An event that cannot be kept. The message says what is wrong with it, and what to do. */
export class InvalidAssetEvent extends Error {
  override readonly name = "InvalidAssetEvent"
  /** The same code emits the same event: another try cannot mend it. */
  readonly retryable = false
}

/** What an instance has said of its outlets: one event of each, the last that was said. */
export class AssetEvents {
  readonly #outlets: readonly string[]
  readonly #extras = new Map<string, string>()

  constructor(outlets: readonly string[]) {
    this.#outlets = outlets
  }

  /** Takes what user code says, whatever the types promise. */
  emit(asset: unknown, extra: unknown = {}): void {
    const name = isAsset(asset) ? asset.name : asset
    if (typeof name !== "string" || !this.#outlets.includes(name)) throw notAnOutlet(asset, this.#outlets)
    this.#extras.set(name, extraText(name, extra))
  }

  /** The events that come with the success of the instance. An unmapped task makes all of its outlets by it. */
  taken(mapIndex: number): readonly { mapIndex: number; asset: string; extra: string }[] {
    const made = mapIndex < 0 ? this.#outlets : [...this.#extras.keys()]
    return made.map((asset) => ({ mapIndex, asset, extra: this.#extras.get(asset) ?? "{}" }))
  }
}

function extraText(name: string, extra: unknown): string {
  const expected = `a JSON object of up to ${assetExtraBytesMax} bytes`
  if (!isJsonObject(extra))
    throw refused(`expected ${expected} as extra of "${name}", and it is ${kindOf(extra)}`)
  let text: string
  try {
    text = JSON.stringify(extra)
  } catch (cause) {
    throw refused(`expected ${expected} as extra of "${name}": ${String(cause)}`)
  }
  const bytes = Buffer.byteLength(text)
  if (bytes <= assetExtraBytesMax) return text
  throw refused(
    `expected ${expected} as extra of "${name}", and it has ${bytes}. Fix: keep the rest as an XCom`,
  )
}

function isJsonObject(extra: unknown): extra is JsonObject {
  return typeof extra === "object" && extra !== null && !Array.isArray(extra)
}

function kindOf(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : `of type ${typeof value}`
}

function notAnOutlet(asset: unknown, outlets: readonly string[]): InvalidAssetEvent {
  const name = isAsset(asset) ? `"${asset.name}"` : typeof asset === "string" ? `"${asset}"` : kindOf(asset)
  const known = outlets.length === 0 ? "it has none" : `they are ${outlets.join(", ")}`
  return refused(
    `expected one of the task's outlets (${known}), and got ${name}. Fix: give it to the task: outlets: [...]`,
  )
}

function refused(problem: string): InvalidAssetEvent {
  return new InvalidAssetEvent(`assets.emit: ${problem}`)
}

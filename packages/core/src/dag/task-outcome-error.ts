const skipBrand = Symbol.for("sluice.Skip")
const failWithoutRetryBrand = Symbol.for("sluice.FailWithoutRetry")

/** Thrown by a task to end its instance as `skipped`. */
export class Skip extends Error {
  override readonly name = "Skip"
  readonly [skipBrand] = true
  readonly reason: string | null

  constructor(reason?: string) {
    super(reason ?? "skipped")
    this.reason = reason ?? null
  }
}

/** Thrown by a task to fail its instance at once, whatever retries are left. */
export class FailWithoutRetry extends Error {
  override readonly name = "FailWithoutRetry"
  readonly [failWithoutRetryBrand] = true
}

/** Recognises a `Skip`, also one made by another copy of this module (a bundle brings its own). */
export function isSkip(error: unknown): error is Skip {
  return isBranded(error, skipBrand)
}

/** Recognises a `FailWithoutRetry`, also one made by another copy of this module. */
export function isFailWithoutRetry(error: unknown): error is FailWithoutRetry {
  return isBranded(error, failWithoutRetryBrand)
}

function isBranded(error: unknown, brand: symbol): boolean {
  return typeof error === "object" && error !== null && brand in error
}

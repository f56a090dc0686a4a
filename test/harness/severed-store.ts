import { Effect } from "effect"
import type { StoreService } from "@sluice/core/store"
import { StoreFailure } from "@sluice/core/store"

/** A store whose engine can be cut off from it, as by a crash: from then on it does nothing and tells nothing. */
export interface SeveredStore {
  readonly store: StoreService
  readonly sever: () => void
}

/** Wraps a store so that it can be cut off. A statement that is on its way then may still be done, as in a real crash. */
export function severable(inner: StoreService): SeveredStore {
  let isCut = false
  const cut = (operation: string) =>
    new StoreFailure({ operation, message: "the engine was cut off by the test" })
  const store = new Proxy(inner, {
    get(target, name: keyof StoreService) {
      const verb = target[name] as (...args: unknown[]) => unknown
      if (name === "wake") return (...args: unknown[]) => (isCut ? undefined : verb(...args))
      if (name === "onWake") return verb
      return (...args: unknown[]) =>
        Effect.suspend(() => {
          if (isCut) return Effect.fail(cut(name))
          const called = verb(...args) as Effect.Effect<unknown, StoreFailure>
          return Effect.flatMap(called, (value) => (isCut ? Effect.fail(cut(name)) : Effect.succeed(value)))
        })
    },
  })
  return { store, sever: () => void (isCut = true) }
}

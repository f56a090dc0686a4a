import { useSyncExternalStore } from "react"

const key = "sluice.token"
const listeners = new Set<() => void>()

/** The bearer token of this browser; null: nobody is signed in. */
export function currentToken(): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** Signs in with a token, or out with null; every tab follows. */
export function keepToken(token: string | null): void {
  if (token === null) localStorage.removeItem(key)
  else localStorage.setItem(key, token)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  const onStorage = (event: StorageEvent) => {
    if (event.key === key) listener()
  }
  listeners.add(listener)
  addEventListener("storage", onStorage)
  return () => {
    listeners.delete(listener)
    removeEventListener("storage", onStorage)
  }
}

/** The token, followed as it changes. */
export function useToken(): string | null {
  return useSyncExternalStore(subscribe, currentToken)
}

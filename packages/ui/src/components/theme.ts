import { useSyncExternalStore } from "react"

const listeners = new Set<() => void>()

function current(): "light" | "dark" {
  return document.documentElement.dataset["theme"] === "dark" ? "dark" : "light"
}

/** The theme, followed as it changes. */
export function useTheme(): "light" | "dark" {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, current)
}

/** Changes the theme, and remembers it in this browser. */
export function toggleTheme(): void {
  const next = current() === "dark" ? "light" : "dark"
  document.documentElement.dataset["theme"] = next
  localStorage.setItem("sluice.theme", next)
  for (const listener of listeners) listener()
}

import { useEffect, useEffectEvent } from "react"

/** Whether what is typed goes into a field. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  )
}

/** Hears keys by name ("j", "/", "ArrowLeft"), unless somebody types or a dialog is open. */
export function useKeys(handlers: Readonly<Record<string, () => void>>): void {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (isTyping(event.target) || document.querySelector("[role=dialog],[role=menu]") !== null) return
    const handler = handlers[event.key]
    if (handler === undefined) return
    event.preventDefault()
    handler()
  })
  useEffect(() => {
    addEventListener("keydown", onKey)
    return () => removeEventListener("keydown", onKey)
  }, [])
}

/** Moves through the rows of a list by j and k, and opens one by Enter: rows carry `data-row`, with a link inside. */
export function useRowKeys(): void {
  const move = (by: number) => {
    const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")].filter(
      (row) => row.offsetParent !== null,
    )
    if (rows.length === 0) return
    const at = rows.findIndex((row) => row.contains(document.activeElement))
    const next =
      rows[at === -1 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by))]
    const target = next?.querySelector<HTMLElement>("a,button") ?? next
    target?.focus()
    next?.scrollIntoView({ block: "nearest" })
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    "/": () => document.querySelector<HTMLElement>("[data-search]")?.focus(),
  })
}

// Before anything is drawn, so that no page flashes in the other theme.
;(() => {
  let chosen = null
  try {
    chosen = localStorage.getItem("sluice.theme")
  } catch {}
  const isDark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches)
  document.documentElement.dataset.theme = isDark ? "dark" : "light"
})()

import { useQuery, useQueryClient } from "@tanstack/react-query"
import { Link, Outlet, useMatches, useNavigate } from "@tanstack/react-router"
import { CircleUser, CloudOff, LogOut, Menu as MenuIcon, Moon, Search, Sun } from "lucide-react"
import { useEffect, useState } from "react"
import { keepLive, useLiveStatus } from "../api/live.ts"
import { meQuery } from "../api/queries.ts"
import { keepToken, useToken } from "../api/session.ts"
import { Button, IconButton } from "../components/button.tsx"
import { Menu, MenuItem, MenuNote } from "../components/menu.tsx"
import { useRowKeys } from "../components/keys.ts"
import { toggleTheme, useTheme } from "../components/theme.ts"
import { Tip } from "../components/tip.tsx"
import { Palette } from "./palette.tsx"
import { places } from "./places.ts"

/** What is around every view: the bar, the live connection, the keyboard. */
export function Shell() {
  const [isPaletteOpen, setPaletteOpen] = useState(false)
  useSignedIn()
  useLive()
  useRowKeys()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return
      event.preventDefault()
      setPaletteOpen((open) => !open)
    }
    addEventListener("keydown", onKey)
    return () => removeEventListener("keydown", onKey)
  }, [])
  return (
    <>
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent-fill px-3 py-2 text-accent-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <Bar onSearch={() => setPaletteOpen(true)} />
      <LostBanner />
      <main
        id="main"
        tabIndex={-1}
        className="mx-auto w-full max-w-[1720px] flex-1 px-3 pb-10 outline-none sm:px-5"
      >
        <Outlet />
      </main>
      <Palette isOpen={isPaletteOpen} onClose={() => setPaletteOpen(false)} />
    </>
  )
}

/** Who is signed out, in this tab or another, signs in and comes back to where they were. */
function useSignedIn(): void {
  const token = useToken()
  const navigate = useNavigate()
  const client = useQueryClient()
  useEffect(() => {
    if (token !== null) return
    client.clear()
    void navigate({ to: "/login", search: { next: location.pathname + location.search } })
  }, [token, navigate, client])
}

/** One live connection: for the run that is shown, or for all. */
function useLive(): void {
  const client = useQueryClient()
  const token = useToken()
  const params = useMatches({
    select: (matches) => matches.at(-1)?.params as { dagId?: string; runId?: string },
  })
  const { dagId, runId } = params
  useEffect(() => {
    if (token === null) return
    const leaving = new AbortController()
    const run = dagId !== undefined && runId !== undefined ? { dagId, runId } : null
    void keepLive(client, run, leaving.signal)
    return () => leaving.abort()
  }, [client, token, dagId, runId])
}

function Bar({ onSearch }: { readonly onSearch: () => void }) {
  const navigate = useNavigate()
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-surface">
      <div className="mx-auto flex h-12 max-w-[1720px] items-center gap-1 px-3 sm:gap-2 sm:px-5">
        <div className="md:hidden">
          <Menu
            trigger={
              <button
                type="button"
                aria-label="Menu"
                className="inline-flex size-9 items-center justify-center"
              >
                <MenuIcon size={18} aria-hidden />
              </button>
            }
          >
            {places.map(({ to, label }) => (
              <MenuItem key={to} onSelect={() => void navigate({ to })}>
                {label}
              </MenuItem>
            ))}
          </Menu>
        </div>
        <Link to="/" className="mr-3 flex items-center gap-2 text-base font-semibold tracking-tight">
          <img src="/icon.svg" alt="" width={22} height={22} />
          Sluice
        </Link>
        <nav aria-label="Main" className="hidden items-center gap-1 md:flex">
          {places.map(({ to, label }) => (
            <Link
              key={to}
              to={to}
              activeOptions={{ exact: to === "/" }}
              className="rounded-md px-2.5 py-1.5 font-medium"
              activeProps={{ className: "bg-accent-wash text-accent" }}
              inactiveProps={{ className: "text-muted hover:bg-sunken hover:text-ink" }}
            >
              {label}
            </Link>
          ))}
        </nav>
        <div className="flex-1" />
        <button
          type="button"
          onClick={onSearch}
          className="flex h-8 items-center gap-2 rounded-md border border-line bg-bg px-2.5 text-muted hover:text-ink"
        >
          <Search size={14} aria-hidden />
          <span className="hidden sm:inline">Go to…</span>
          <span className="sr-only sm:hidden">Go to…</span>
          <kbd className="hidden rounded border border-line px-1 font-sans text-2xs sm:inline">Ctrl K</kbd>
        </button>
        <LiveSign />
        <ThemeButton />
        <UserMenu />
      </div>
    </header>
  )
}

function LiveSign() {
  const status = useLiveStatus()
  const words = {
    live: "Live: what changes is shown at once",
    connecting: "Connecting…",
    lost: "The server cannot be reached",
  }[status]
  const color = {
    live: "var(--s-success-fill)",
    connecting: "var(--s-retry-fill)",
    lost: "var(--s-failed-fill)",
  }[status]
  return (
    <Tip text={words}>
      <span
        role="status"
        aria-label={words}
        data-live={status}
        className="inline-flex size-8 items-center justify-center"
      >
        <span className="size-2 rounded-full" style={{ background: color }} />
      </span>
    </Tip>
  )
}

/** What is shown may be old: said for as long as it is so. */
function LostBanner() {
  const status = useLiveStatus()
  if (status !== "lost") return null
  return (
    <div
      role="alert"
      className="flex items-center justify-center gap-2 border-b border-line bg-raised px-4 py-2 text-center font-medium text-danger"
    >
      <CloudOff size={15} aria-hidden className="shrink-0" />
      The server cannot be reached. What you see is how it was; connecting again…
    </div>
  )
}

function ThemeButton() {
  const theme = useTheme()
  return (
    <IconButton label={theme === "dark" ? "Light theme" : "Dark theme"} onClick={toggleTheme}>
      {theme === "dark" ? <Sun size={16} aria-hidden /> : <Moon size={16} aria-hidden />}
    </IconButton>
  )
}

function UserMenu() {
  const { data: me } = useQuery(meQuery)
  return (
    <Menu
      trigger={
        <Button look="ghost" className="px-2" aria-label={`Signed in as ${me?.name ?? "…"}`}>
          <CircleUser size={17} aria-hidden />
          <span className="hidden max-w-32 truncate lg:inline">{me?.name}</span>
        </Button>
      }
    >
      <MenuNote>
        {me?.name} · {me?.role}
      </MenuNote>
      <MenuItem onSelect={() => keepToken(null)}>
        <LogOut size={14} aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  )
}

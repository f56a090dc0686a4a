const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 })

/** 1,234,567 */
export function count(n: number): string {
  return whole.format(n)
}

/** 1.2M; exact below ten thousand. */
export function shortCount(n: number): string {
  return n < 10_000 ? whole.format(n) : compact.format(n)
}

/** "≥ 1,200" while more may come, "1,200" when it is known. */
export function total(discovered: number, exhausted: boolean): string {
  return exhausted ? count(discovered) : `≥ ${count(discovered)}`
}

/** "840/s", "0.4/s"; "–" where nothing is known. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return "–"
  if (perSecond >= 100) return `${shortCount(perSecond)}/s`
  if (perSecond >= 1 || perSecond === 0) return `${Number(perSecond.toFixed(1))}/s`
  return perSecond * 60 >= 1
    ? `${Number((perSecond * 60).toFixed(1))}/min`
    : `${Number((perSecond * 3_600).toFixed(1))}/h`
}

/** "340 ms", "4.2 s", "3 min 12 s", "2 h 5 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`
  const [big, small, bigName, smallName] =
    ms < 3_600_000
      ? [60_000, 1_000, "min", "s"]
      : ms < 86_400_000
        ? [3_600_000, 60_000, "h", "min"]
        : [86_400_000, 3_600_000, "d", "h"]
  const left = Math.floor(ms / big)
  const right = Math.floor((ms % big) / small)
  return right === 0 ? `${left} ${bigName}` : `${left} ${bigName} ${right} ${smallName}`
}

/** How long from one instant to another, or to now. */
export function between(from: string | null, to: string | null, now: number): string {
  if (from === null) return "–"
  return duration((to === null ? now : Date.parse(to)) - Date.parse(from))
}

/** "12 s ago", "in 3 min". */
export function relative(at: number, now: number): string {
  const ms = at - now
  const size = Math.abs(ms)
  if (size < 1_000) return "now"
  const words =
    size < 60_000
      ? `${Math.floor(size / 1_000)} s`
      : size < 3_600_000
        ? `${Math.floor(size / 60_000)} min`
        : size < 86_400_000
          ? `${Math.floor(size / 3_600_000)} h`
          : `${Math.floor(size / 86_400_000)} d`
  return ms < 0 ? `${words} ago` : `in ${words}`
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const dayAndClock = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
})
const full = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
})

/** The time in the user's zone: of today the clock alone. */
export function instant(at: string | number, now: number): string {
  const date = new Date(at)
  return date.toDateString() === new Date(now).toDateString() ? clock.format(date) : dayAndClock.format(date)
}

/** The time in full, in the user's zone and in UTC. */
export function instantInFull(at: string | number): { readonly local: string; readonly utc: string } {
  const date = new Date(at)
  return { local: full.format(date), utc: date.toISOString() }
}

/** "12.4 kB" */
export function bytes(n: number): string {
  if (n < 1_000) return `${n} B`
  return n < 1_000_000 ? `${Number((n / 1_000).toFixed(1))} kB` : `${Number((n / 1_000_000).toFixed(1))} MB`
}

/** A value as one line of JSON, cut. */
export function jsonLine(value: unknown, lengthMax = 200): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "undefined")
  return text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text
}

import { Link, type LinkProps } from "@tanstack/react-router"
import { type ReactNode, useEffect, useRef } from "react"

/** The head of a view: where one is, what it is, what one can do. */
export function PageHead({
  trail,
  title,
  meta,
  actions,
}: {
  readonly trail?: ReactNode
  readonly title: ReactNode
  readonly meta?: ReactNode
  readonly actions?: ReactNode
}) {
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-2 pt-4 pb-3">
      <div className="min-w-0 flex-1 basis-72">
        {trail !== undefined && (
          <nav
            aria-label="Breadcrumb"
            className="mb-0.5 flex flex-wrap items-center gap-1 text-xs text-muted"
          >
            {trail}
          </nav>
        )}
        <h1 className="m-0 text-lg leading-tight font-semibold tracking-tight break-words">{title}</h1>
        {meta !== undefined && (
          <div className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-1 text-muted">{meta}</div>
        )}
      </div>
      {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}

/** The views of one thing, as links. */
export function Tabs({ children, label }: { readonly children: ReactNode; readonly label: string }) {
  return (
    <nav aria-label={label} className="mb-3 flex gap-1 overflow-x-auto border-b border-line">
      {children}
    </nav>
  )
}

/** One of them. */
export function Tab({
  isCurrent,
  children,
  ...link
}: LinkProps & { readonly isCurrent: boolean; readonly children: ReactNode }) {
  const place = useRef<HTMLAnchorElement>(null)
  // Where the tabs are wider than the page, the one that is open is seen.
  useEffect(() => {
    if (isCurrent) place.current?.scrollIntoView({ block: "nearest", inline: "nearest" })
  }, [isCurrent])
  return (
    <Link
      {...link}
      ref={place}
      replace
      aria-current={isCurrent ? "page" : undefined}
      className={`-mb-px inline-flex items-center gap-1.5 border-b-2 px-3 py-1.5 font-medium whitespace-nowrap ${
        isCurrent ? "border-accent text-ink" : "border-transparent text-muted hover:text-ink"
      }`}
    >
      {children}
    </Link>
  )
}

/** A part of a view with a name. */
export function Panel({
  title,
  aside,
  children,
  className = "",
}: {
  readonly title?: ReactNode
  readonly aside?: ReactNode
  readonly children: ReactNode
  readonly className?: string
}) {
  return (
    <section className={`panel min-w-0 ${className}`}>
      {title !== undefined && (
        <div className="flex min-h-10 flex-wrap items-center justify-between gap-2 border-b border-line px-3 py-1.5">
          <h2 className="m-0 text-sm font-semibold">{title}</h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  )
}

/** A name and its value, as lists of facts have them. */
export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="eyebrow">{name}</dt>
      <dd className="m-0 mt-0.5 break-words">{children}</dd>
    </div>
  )
}

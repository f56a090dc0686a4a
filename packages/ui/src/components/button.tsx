import { Plus } from "lucide-react"
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react"
import { Tip } from "./tip.tsx"

const looks = {
  plain: "border border-line bg-surface text-ink hover:bg-sunken",
  primary: "bg-accent-fill text-accent-ink hover:brightness-110",
  danger: "border border-line bg-surface text-danger hover:bg-sunken",
  ghost: "text-soft hover:bg-sunken hover:text-ink",
} as const

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: keyof typeof looks
  /** Why it cannot be pressed: told on hover, and it is not pressed then. */
  readonly denied?: string | null
  readonly ref?: Ref<HTMLButtonElement>
}

/** Something to press. */
export function Button({ look = "plain", denied = null, className = "", ...rest }: Props) {
  const button = (
    <button
      type="button"
      aria-disabled={denied !== null || undefined}
      aria-description={denied ?? undefined}
      {...rest}
      {...(denied !== null && { onClick: (event) => event.preventDefault(), type: "button" as const })}
      className={`inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md px-3 text-sm font-medium whitespace-nowrap disabled:opacity-60 aria-disabled:cursor-not-allowed aria-disabled:opacity-60 ${looks[look]} ${className}`}
    />
  )
  return denied === null ? button : <Tip text={denied}>{button}</Tip>
}

/** The button at the head of a list that makes one more. */
export function NewButton({ children, ...rest }: Pick<Props, "denied" | "onClick" | "children">) {
  return (
    <Button className="h-7 px-2" {...rest}>
      <Plus size={13} aria-hidden /> {children}
    </Button>
  )
}

/** A button that is one icon; its name is told on hover and to readers of the screen. */
export function IconButton({
  label,
  children,
  className = "",
  ...rest
}: Props & { readonly label: string; readonly children: ReactNode }) {
  return (
    <Tip text={rest.denied ?? label}>
      <button
        type="button"
        aria-label={label}
        aria-disabled={rest.denied != null || undefined}
        aria-description={rest.denied ?? undefined}
        {...withoutOurs(rest)}
        {...(rest.denied != null && { onClick: (event) => event.preventDefault() })}
        className={`inline-flex size-8 shrink-0 items-center justify-center rounded-md text-muted hover:bg-sunken hover:text-ink aria-disabled:cursor-not-allowed aria-disabled:opacity-60 ${className}`}
      >
        {children}
      </button>
    </Tip>
  )
}

function withoutOurs({ look: _look, denied: _denied, ...rest }: Props) {
  return rest
}

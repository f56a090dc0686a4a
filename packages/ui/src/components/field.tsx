import { type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, useId } from "react"

const box =
  "h-8 w-full rounded-md border border-line-strong bg-surface px-2.5 text-sm text-ink aria-invalid:border-danger disabled:opacity-60"

/** A line of text to write. */
export function Input({
  className = "",
  ref,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & { readonly ref?: Ref<HTMLInputElement> }) {
  return <input ref={ref} autoComplete="off" {...rest} className={`${box} ${className}`} />
}

/** A choice of few. */
export function Select({ className = "", ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} className={`${box} w-auto pr-7 ${className}`} />
}

/** A field with its name, what it is for, and what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly error?: string | null | undefined
  readonly children: (props: {
    id: string
    "aria-invalid": boolean | undefined
    "aria-describedby": string | undefined
  }) => ReactNode
}) {
  const id = useId()
  const hasNote = hint !== undefined || error != null
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      {children({
        id,
        "aria-invalid": error != null || undefined,
        "aria-describedby": hasNote ? `${id}-note` : undefined,
      })}
      {hasNote && (
        <div id={`${id}-note`} className={`text-xs ${error == null ? "text-muted" : "text-danger"}`}>
          {error ?? hint}
        </div>
      )}
    </div>
  )
}

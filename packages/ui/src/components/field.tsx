import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react"

const box =
  "rounded-md border border-line-strong bg-surface px-2.5 text-sm text-ink aria-invalid:border-danger disabled:opacity-60"

/** The size of a field, unless its place says another. */
function sized(className: string, width: string): string {
  const has = (start: string) => className.split(" ").some((one) => one.startsWith(start))
  return `${box} ${has("h-") ? "" : "h-8"} ${has("w-") || has("flex-1") ? "" : width} ${className}`
}

/** A line of text to write. */
export function Input({
  className = "",
  ref,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & { readonly ref?: Ref<HTMLInputElement> }) {
  return <input ref={ref} autoComplete="off" {...rest} className={sized(className, "w-full")} />
}

/** A text to search for: it holds once Enter is pressed or the field is left. */
export function SearchInput({
  value,
  onSearch,
  ...rest
}: Omit<InputHTMLAttributes<HTMLInputElement>, "value"> & {
  readonly value: string | undefined
  readonly onSearch: (text: string | undefined) => void
}) {
  return (
    <Input
      key={value ?? ""}
      type="search"
      {...rest}
      defaultValue={value ?? ""}
      onKeyDown={(event) => {
        if (event.key === "Enter") onSearch(event.currentTarget.value || undefined)
      }}
      onBlur={(event) => {
        if (event.target.value !== (value ?? "")) onSearch(event.target.value || undefined)
      }}
    />
  )
}

/** Lines of text, or JSON, to write. */
export function TextArea({ className = "", ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <textarea
      {...rest}
      className={`w-full rounded-md border border-line-strong bg-surface p-2.5 font-mono text-xs ${className}`}
    />
  )
}

/** A choice of few. */
export function Select({ className = "", ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} className={sized(className, "w-auto")} />
}

interface Words {
  readonly label: ReactNode
  readonly hint?: ReactNode
  readonly error?: string | null | undefined
}

/** A line of text with its name, what it is for, and what is wrong with it. */
export function TextField({
  label,
  hint,
  error,
  onChange,
  ...rest
}: Words &
  Omit<InputHTMLAttributes<HTMLInputElement>, "onChange"> & {
    readonly value: string
    readonly onChange: (text: string) => void
  }) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(props) => <Input {...props} {...rest} onChange={(event) => onChange(event.target.value)} />}
    </Field>
  )
}

/** A field with its name, what it is for, and what is wrong with it. */
export function Field({
  label,
  hint,
  error,
  children,
}: Words & {
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

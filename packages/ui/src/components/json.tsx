import { Check, Copy } from "lucide-react"
import { useState } from "react"
import { IconButton } from "./button.tsx"

/** The longest text that is shown at once; all of it is copied. */
const shownMax = 50_000

/** A value as JSON, to be read and copied. */
export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }) {
  const [isCopied, setCopied] = useState(false)
  const text = JSON.stringify(value, null, 2) ?? "undefined"
  const copy = () =>
    void navigator.clipboard?.writeText(text).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 1_500)
    })
  return (
    <div className="relative">
      <div className="absolute top-1 right-1">
        <IconButton label={`Copy ${label}`} onClick={copy}>
          {isCopied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
        </IconButton>
      </div>
      <pre
        tabIndex={0}
        aria-label={label}
        className="m-0 max-h-80 overflow-auto p-3 pr-10 font-mono text-xs break-words whitespace-pre-wrap"
      >
        {text.length > shownMax
          ? `${text.slice(0, shownMax)}\n… ${text.length - shownMax} more characters`
          : text}
      </pre>
    </div>
  )
}

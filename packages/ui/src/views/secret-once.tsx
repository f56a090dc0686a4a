import { Copy } from "lucide-react"
import { Button, IconButton } from "../components/button.tsx"
import { notify } from "../components/notices.tsx"

/** Something that is shown only now. */
export function SecretOnce({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div className="rounded-md border border-line-strong bg-sunken p-3">
      <div className="font-medium">{label}, shown only now:</div>
      <div className="mt-1 flex items-center gap-2">
        <code className="min-w-0 flex-1 font-mono text-sm break-all" data-secret>
          {value}
        </code>
        <IconButton
          label="Copy"
          onClick={() => void navigator.clipboard?.writeText(value).then(() => notify("Copied."))}
        >
          <Copy size={14} aria-hidden />
        </IconButton>
      </div>
    </div>
  )
}

/** The same at the end of a dialog that made it. */
export function SecretMade({
  onClose,
  ...secret
}: {
  readonly label: string
  readonly value: string
  readonly onClose: () => void
}) {
  return (
    <>
      <SecretOnce {...secret} />
      <div className="mt-4 flex justify-end">
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </>
  )
}

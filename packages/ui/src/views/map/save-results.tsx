import { Download } from "lucide-react"
import { useState } from "react"
import { send } from "../../api/client.ts"
import { mapPath, type TaskName } from "../../api/queries.ts"
import { Button } from "../../components/button.tsx"
import { notify, notifyProblem } from "../../components/notices.tsx"
import { bytes } from "../../model/format.ts"

/** What a browser that can write to a file as it comes has. */
interface FilePicker {
  readonly showSaveFilePicker?: (options: {
    suggestedName: string
  }) => Promise<{ createWritable: () => Promise<WritableStream<Uint8Array>> }>
}

/** Saves all results that there are, as they come: straight to the file where the browser can, else once all is there. */
export function SaveResults({
  name,
  format,
}: {
  readonly name: TaskName
  readonly format: "ndjson" | "csv"
}) {
  const [saved, setSaved] = useState<number | null>(null)
  const save = async () => {
    const fileName = `${name.dagId}.${name.runId}.${name.taskId}.${format}`.replaceAll(/[^\w.-]/g, "_")
    try {
      const picker = (globalThis as FilePicker).showSaveFilePicker
      const target = await picker?.({ suggestedName: fileName }).then((file) => file.createWritable())
      setSaved(0)
      const response = await send(`${mapPath(name)}/results`, {
        query: { follow: false },
        headers: { accept: format === "csv" ? "text/csv" : "application/x-ndjson" },
      })
      if (response.body === null) return
      const counted = response.body.pipeThrough(
        new TransformStream<Uint8Array, Uint8Array>({
          transform(chunk, controller) {
            setSaved((before) => (before ?? 0) + chunk.length)
            controller.enqueue(chunk)
          },
        }),
      )
      if (target === undefined) offer(await new Response(counted).blob(), fileName)
      else await counted.pipeTo(target)
      notify(`${fileName} is saved.`)
    } catch (error) {
      if (error instanceof Error && error.name !== "AbortError") notifyProblem(error)
    } finally {
      setSaved(null)
    }
  }
  return (
    <Button
      className="h-7 px-2"
      title={`Download all results as ${format.toUpperCase()}`}
      disabled={saved !== null}
      onClick={() => void save()}
    >
      <Download size={13} aria-hidden /> {saved === null ? format.toUpperCase() : bytes(saved)}
    </Button>
  )
}

function offer(blob: Blob, fileName: string): void {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = fileName
  link.click()
  URL.revokeObjectURL(link.href)
}

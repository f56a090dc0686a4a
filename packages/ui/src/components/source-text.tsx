import type { DiffHunk } from "../model/text-diff.ts"
import { FixedRows } from "./fixed-rows.tsx"

/** The most lines that stand in the document at once; of a longer text only those in sight do. */
const linesInDocumentMax = 3_000

const lineHeight = 20

/** A text with the numbers of its lines. */
export function SourceText({ text, label }: { readonly text: string; readonly label: string }) {
  const lines = text.split("\n")
  const line = (at: number) => (
    <div className="flex hover:bg-sunken">
      <span className="w-14 shrink-0 pr-4 text-right text-muted select-none">{at + 1}</span>
      <span className="whitespace-pre">{lines[at]}</span>
    </div>
  )
  const look = "font-mono text-xs leading-5"
  if (lines.length > linesInDocumentMax)
    return (
      <div className={look}>
        <FixedRows count={lines.length} rowHeight={lineHeight} height="70vh" label={label} render={line} />
      </div>
    )
  return (
    <pre tabIndex={0} aria-label={label} className={`m-0 max-h-[70vh] overflow-auto p-0 ${look}`}>
      {lines.map((_, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- a line has no other name than its number.
        <div key={at}>{line(at)}</div>
      ))}
    </pre>
  )
}

const looks = {
  same: { sign: " ", background: undefined },
  gone: { sign: "−", background: "color-mix(in srgb, var(--s-failed-fill) 14%, transparent)" },
  new: { sign: "+", background: "color-mix(in srgb, var(--s-success-fill) 16%, transparent)" },
} as const

/** What differs between two texts, with both numbers of each line. */
export function SourceDiff({
  hunks,
  label,
}: {
  readonly hunks: readonly DiffHunk[]
  readonly label: string
}) {
  let left = linesInDocumentMax
  const shown = hunks.filter((hunk) => (left -= hunk.length) > 0)
  return (
    <>
      <pre
        tabIndex={0}
        aria-label={label}
        className="m-0 max-h-[70vh] overflow-auto font-mono text-xs leading-5"
      >
        {/* As wide as the longest line, so that the colour of each goes as far as one can scroll. */}
        <div className="w-max min-w-full">
          {shown.map((hunk) => (
            <div key={`${hunk[0]?.before} ${hunk[0]?.after}`} className="border-b border-line last:border-0">
              {hunk.map((line) => (
                <div
                  key={`${line.before} ${line.after}`}
                  data-diff={line.kind}
                  className="flex pr-3"
                  style={{ background: looks[line.kind].background }}
                >
                  <span className="w-11 shrink-0 pr-2 text-right text-muted select-none">{line.before}</span>
                  <span className="w-11 shrink-0 pr-2 text-right text-muted select-none">{line.after}</span>
                  <span className="w-5 shrink-0 text-soft select-none">{looks[line.kind].sign}</span>
                  <span className="whitespace-pre">{line.text}</span>
                </div>
              ))}
            </div>
          ))}
        </div>
      </pre>
      {shown.length < hunks.length && (
        <p className="m-0 border-t border-line px-3 py-2 text-xs text-muted">
          {hunks.length - shown.length} more places differ.
        </p>
      )}
    </>
  )
}

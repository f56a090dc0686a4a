import { instant, instantInFull, relative } from "../model/format.ts"
import { useNow } from "./clock.ts"
import { Tip } from "./tip.tsx"

/** An instant in the user's zone; hovering tells it in full, and in UTC. */
export function Time({
  at,
  isRelative = false,
}: {
  readonly at: string | number | null | undefined
  readonly isRelative?: boolean
}) {
  const now = useNow()
  if (at === null || at === undefined) return <span className="text-muted">–</span>
  const { local, utc } = instantInFull(at)
  return (
    <Tip
      text={
        <>
          <div>{local}</div>
          <div className="font-mono opacity-80">{utc}</div>
        </>
      }
    >
      <time dateTime={utc} className="whitespace-nowrap">
        {isRelative ? relative(new Date(at).getTime(), now) : instant(at, now)}
      </time>
    </Tip>
  )
}

import type { Expansion, ExpansionPage } from "@sluice/api/wire"
import { useInfiniteQuery } from "@tanstack/react-query"
import { useState } from "react"
import { pagesQuery, type TaskName } from "../../api/queries.ts"
import { Empty, Loaded } from "../../components/feedback.tsx"
import { Panel } from "../../components/page.tsx"
import { StateBar } from "../../components/state.tsx"
import { More } from "../../components/table.tsx"
import { Time } from "../../components/time.tsx"
import { between, count } from "../../model/format.ts"

/** The pages of a map: what was read and committed together. */
export function MapPages({ name, expansion }: { readonly name: TaskName; readonly expansion: Expansion }) {
  const [isOpenOnly, setOpenOnly] = useState(false)
  const pages = useInfiniteQuery(pagesQuery(name, isOpenOnly))
  return (
    <Panel
      title="Pages"
      aside={
        <label className="inline-flex items-center gap-2 text-sm text-muted">
          <input
            type="checkbox"
            checked={isOpenOnly}
            onChange={(event) => setOpenOnly(event.target.checked)}
          />
          Only those that are not done
        </label>
      }
    >
      <Loaded query={pages}>
        {({ pages: slices }) => {
          const all = slices.flatMap((slice) => slice.pages)
          if (all.length === 0)
            return (
              <Empty
                title={
                  isOpenOnly
                    ? "Every page is done"
                    : expansion.exhausted
                      ? "The stream was empty"
                      : "No page was read yet"
                }
              />
            )
          return (
            <>
              <div className="max-h-[62vh] overflow-auto" tabIndex={0} role="region" aria-label="Pages">
                <table className="grid-table">
                  <thead>
                    <tr>
                      <th className="num">Indexes</th>
                      <th className="num">Items</th>
                      <th className="w-1/3">Instances</th>
                      <th>Committed</th>
                      <th className="num hidden sm:table-cell">After the one before</th>
                      <th className="num hidden sm:table-cell">First result after</th>
                      <th className="num hidden sm:table-cell">Done after</th>
                    </tr>
                  </thead>
                  <tbody>
                    {all.map((page, place) => (
                      <PageRow
                        key={page.first_index}
                        page={page}
                        before={all[place - 1]}
                        kind={expansion.kind}
                      />
                    ))}
                  </tbody>
                </table>
              </div>
              <More list={pages}>More pages</More>
            </>
          )
        }}
      </Loaded>
    </Panel>
  )
}

function PageRow({
  page,
  before,
  kind,
}: {
  readonly page: ExpansionPage
  readonly before: ExpansionPage | undefined
  readonly kind: Expansion["kind"]
}) {
  const ended = page.success + page.failed + page.skipped + page.upstream_failed
  const begun = Math.max(0, page.claimed - ended)
  return (
    <tr>
      <td className="num font-mono text-xs whitespace-nowrap">
        {count(page.first_index)} – {count(page.first_index + page.count - 1)}
      </td>
      <td className="num">{count(page.count)}</td>
      <td>
        {kind === "mapped" ? (
          <StateBar
            mix={{
              success: page.success,
              failed: page.failed,
              skipped: page.skipped,
              upstream_failed: page.upstream_failed,
              running: begun,
              scheduled: page.count - Math.max(ended, page.claimed),
            }}
          />
        ) : (
          <span className="text-muted">stored</span>
        )}
      </td>
      <td>
        <Time at={page.created_at} />
      </td>
      <td className="num hidden text-muted sm:table-cell">
        {before === undefined ? "–" : between(before.created_at, page.created_at, 0)}
      </td>
      <td className="num hidden text-muted sm:table-cell">
        {page.first_result_date === null ? "–" : between(page.created_at, page.first_result_date, 0)}
      </td>
      <td className="num hidden text-muted sm:table-cell">
        {page.done_date === null || kind !== "mapped" ? "–" : between(page.created_at, page.done_date, 0)}
      </td>
    </tr>
  )
}

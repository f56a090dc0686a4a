import type { ExpansionRecord, PageRecord } from "./state.ts"

/** The page that holds an index, by binary search: pages are in index order without a hole. */
export function pageAt(expansion: ExpansionRecord, index: number): PageRecord | undefined {
  let low = 0
  let high = expansion.pages.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const page = expansion.pages[middle]
    if (page === undefined) return undefined
    if (index < page.firstIndex) high = middle - 1
    else if (index >= page.firstIndex + page.count) low = middle + 1
    else return page
  }
  return undefined
}

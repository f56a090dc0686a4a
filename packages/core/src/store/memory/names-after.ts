/** A slice of what has names, by code points, as the database's "C" collation does. */
export function namesAfter<A>(
  from: ReadonlyMap<string, A>,
  after: string | null,
  limit: number,
): [string, A][] {
  return [...from]
    .filter(([name]) => after === null || name > after)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
}

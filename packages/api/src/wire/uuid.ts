/** What a number of ours becomes when a client wants a UUID. */
const kinds = { instance: 0, version: 1 } as const

/** A UUID (version 8) that says which instance it is: the expansion's number and the map index, readable in it. */
export function instanceUuid(expansionId: string, mapIndex: number): string {
  return uuidOf(kinds.instance, BigInt(expansionId), mapIndex + 1)
}

/** A UUID (version 8) for a version of a DAG. */
export function versionUuid(dagVersionId: string): string {
  return uuidOf(kinds.version, BigInt(dagVersionId), 0)
}

/**
 * 122 bits are free: 63 for a number of the database, 11 for the kind, 48 for a map index.
 *
 * The same thing always has the same UUID, without a column or an index for it.
 */
function uuidOf(kind: number, number: bigint, index: number): string {
  const high = hex(Number(number >> 15n), 12)
  const middle = hex(Number((number >> 3n) & 0xfffn), 3)
  const low = hex(0x8000 | (Number(number & 0x7n) << 11) | kind, 4)
  return `${high.slice(0, 8)}-${high.slice(8)}-8${middle}-${low}-${hex(index, 12)}`
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0")
}

/** What a number of ours becomes when a client wants a UUID. */
const kinds = { instance: 0, version: 1 } as const

/** A UUID (version 8) that says which instance it is: the expansion's number and the map index, readable in it. */
export function instanceUuid(expansionId: string, mapIndex: number): string {
  return uuidOf(kinds.instance, BigInt(expansionId), BigInt(mapIndex + 1))
}

/** A UUID (version 8) for a version of a DAG. */
export function versionUuid(dagVersionId: string): string {
  return uuidOf(kinds.version, BigInt(dagVersionId), 0n)
}

/**
 * 122 bits are free: 63 for a number of the database, 11 for the kind, 48 for a map index.
 *
 * The same thing always has the same UUID, without a column or an index for it.
 */
function uuidOf(kind: number, number: bigint, index: bigint): string {
  const high = number >> 15n
  const middle = (number >> 3n) & 0xfffn
  const low = ((number & 0x7n) << 59n) | (BigInt(kind) << 48n) | (index & 0xffff_ffff_ffffn)
  const bits = (high << 80n) | (0x8n << 76n) | (middle << 64n) | (0x2n << 62n) | low
  const hex = bits.toString(16).padStart(32, "0")
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")
}

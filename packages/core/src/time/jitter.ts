/**
 * Says how long after its ticks a DAG's runs are made: from 0 up to `jitterMs`, always the same for one DAG.
 *
 * So a thousand DAGs that are due at midnight are not made in the same second, and each still keeps its distance.
 */
export function jitterOf(dagId: string, jitterMs: number): number {
  return Math.floor((hashOf(dagId) / 2 ** 32) * jitterMs)
}

/** FNV-1a, then the finish of Murmur3: without it `load_1` and `load_2` would lie side by side. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let place = 0; place < text.length; place++) {
    hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

import { DagDefinitionError } from "./definition-error.ts"
import { assetsPerDagMax } from "./option-defaults.ts"
import type { SerializedAsset } from "./serialized-dag.ts"

/** The assets of a DAG, those it waits for and those its tasks make: each once, by name. */
export function assetsOfDag(
  dagId: string,
  mentioned: readonly SerializedAsset[],
): readonly SerializedAsset[] {
  const byName = new Map<string, SerializedAsset>()
  for (const definition of mentioned) {
    const other = byName.get(definition.name)
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(definition))
      throw differs(dagId, definition.name)
    byName.set(definition.name, definition)
  }
  if (byName.size > assetsPerDagMax) throw tooMany(dagId, byName.size)
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function differs(dagId: string, name: string): DagDefinitionError {
  return new DagDefinitionError({
    dagId,
    problem: `the asset "${name}" is made twice with different options`,
    expected: "one asset for a name",
    fix: `write asset("${name}", { ... }) once and use it in both places`,
  })
}

function tooMany(dagId: string, count: number): DagDefinitionError {
  return new DagDefinitionError({
    dagId,
    problem: `the DAG uses ${count} assets`,
    expected: `at most ${assetsPerDagMax}`,
  })
}

import { Effect } from "effect"
import { AlreadyExists, NotFound } from "../errors.ts"
import type { EventName } from "../control-store.ts"
import type { ConnectionRow, SealedPart, VariableRow, VaultStore } from "../vault-store.ts"
import { noteIdentityEvent } from "./events.ts"
import { compareKeys, fitsPatterns, sliceOf, type SortKey } from "./filters.ts"
import type { MemoryState } from "./state.ts"

/** Variables and connections over a memory state. */
export function vault(state: MemoryState): VaultStore {
  const variables = makeShelf(state, {
    what: "variable",
    rows: state.variables,
    nameOf: ({ key }: { readonly key: string }) => key,
    detailOf: (key) => ({ key }),
    keys: { key: ({ key }) => key, description: ({ description }) => description },
  })
  const connections = makeShelf(state, {
    what: "connection",
    rows: state.connections,
    nameOf: ({ connectionId }: { readonly connectionId: string }) => connectionId,
    detailOf: (id) => ({ connection_id: id }),
    keys: {
      connection_id: ({ connectionId }) => connectionId,
      conn_type: ({ type }) => type,
      description: ({ description }) => description,
      host: ({ host }) => host,
      port: ({ port }) => port,
    },
  })
  return {
    variable: variables.get,
    searchVariables: variables.search,
    createVariable: variables.create,
    changeVariable: variables.change,
    deleteVariable: ({ key, actor }) => variables.remove(key, actor),
    connection: connections.get,
    searchConnections: connections.search,
    createConnection: connections.create,
    changeConnection: connections.change,
    deleteConnection: ({ connectionId, actor }) => connections.remove(connectionId, actor),
    sealedTexts: ({ part, after, limit }) =>
      Effect.sync(() =>
        sealedPlaces(state, part)
          .flatMap(({ name, sealed }) => (sealed === null ? [] : [{ name, sealed }]))
          .filter(({ name }) => after === null || name > after)
          .sort((a, b) => compareKeys([a.name], [b.name], [false]))
          .slice(0, limit),
      ),
    reseal: ({ part, texts, actor }) =>
      Effect.sync(() => {
        const places = new Map(sealedPlaces(state, part).map((place) => [place.name, place]))
        const written = texts.filter(({ name, from, to }) => {
          const place = places.get(name)
          if (place?.sealed !== from) return false
          place.put(to)
          return true
        })
        const names = written.map(({ name }) => name).sort((a, b) => compareKeys([a], [b], [false]))
        if (names.length > 0)
          noteIdentityEvent(state, { actor, event: "secrets_rotated", detail: { part, names } })
        return names
      }),
  }
}

/** Where the sealed texts of a part are, and how to write them. */
function sealedPlaces({ variables, connections }: MemoryState, part: SealedPart) {
  if (part === "variable")
    return [...variables].map(([name, row]) => ({
      ...{ name, sealed: row.sealedValue },
      put: (sealedValue: string) => void variables.set(name, { ...row, sealedValue }),
    }))
  const column = part === "connection_password" ? "sealedPassword" : "sealedExtra"
  return [...connections].map(([name, row]) => ({
    ...{ name, sealed: row[column] },
    put: (sealed: string) => void connections.set(name, { ...row, [column]: sealed }),
  }))
}

/** Rows with names, of one kind. */
function makeShelf<Row extends VariableRow | ConnectionRow, Name extends object, Order extends string>(
  state: MemoryState,
  of: {
    readonly what: "variable" | "connection"
    readonly rows: Map<string, Row>
    readonly nameOf: (row: Name) => string
    readonly detailOf: (name: string) => { readonly [key: string]: string }
    readonly keys: Readonly<Record<Order, (row: Row) => SortKey>>
  },
) {
  type New = Omit<Row, "updatedAt"> & Name & { readonly actor: string }
  const note = (name: string, actor: string, verb: "created" | "changed" | "deleted") => {
    const event: EventName = `${of.what}_${verb}`
    noteIdentityEvent(state, { actor, event, detail: of.detailOf(name) })
  }
  const write = ({ actor, ...given }: New, verb: "created" | "changed"): Row => {
    const row = { ...given, updatedAt: new Date(state.now()) } as unknown as Row
    const name = of.nameOf(given as unknown as Name)
    of.rows.set(name, row)
    note(name, actor, verb)
    return row
  }
  return {
    get: (name: string) =>
      Effect.suspend(() => {
        const row = of.rows.get(name)
        return row === undefined
          ? Effect.fail(new NotFound({ what: of.what, id: name }))
          : Effect.succeed(row)
      }),
    search: (options: {
      readonly patterns?: readonly string[]
      readonly orderBy: readonly { readonly by: Order; readonly isDescending: boolean }[]
      readonly skip: number
      readonly limit: number
    }) =>
      Effect.sync(() => {
        const isDescending = [...options.orderBy.map((order) => order.isDescending), false]
        const found = [...of.rows]
          .filter(([name]) => fitsPatterns(name, options.patterns))
          .map(([name, row]) => ({
            row,
            keys: [...options.orderBy.map(({ by }) => of.keys[by](row)), name],
          }))
          .sort((a, b) => compareKeys(a.keys, b.keys, isDescending))
        return sliceOf(
          found.map(({ row }) => row),
          options,
        )
      }),
    create: (options: New) =>
      Effect.suspend(() => {
        const name = of.nameOf(options)
        return of.rows.has(name)
          ? Effect.fail(new AlreadyExists({ what: of.what, id: name }))
          : Effect.succeed(write(options, "created"))
      }),
    change: (options: New) =>
      Effect.suspend(() => {
        const name = of.nameOf(options)
        return of.rows.has(name)
          ? Effect.succeed(write(options, "changed"))
          : Effect.fail(new NotFound({ what: of.what, id: name }))
      }),
    remove: (name: string, actor: string) =>
      Effect.sync(() => {
        const isGone = of.rows.delete(name)
        if (isGone) note(name, actor, "deleted")
        return isGone
      }),
  }
}

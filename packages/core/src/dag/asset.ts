import { describeValue } from "../stream/describe-value.ts"
import { type AssetCondition, joined } from "../time/asset-condition.ts"
import { DagDefinitionError } from "./definition-error.ts"
import { type JsonObject, jsonObjectCheck } from "./json-object.ts"
import { checkOptions, textCheck } from "./option-check.ts"
import { assetNameLengthMax } from "./option-defaults.ts"
import type { SerializedAsset } from "./serialized-dag.ts"

/** Options of `asset()`. */
export interface AssetOptions {
  /** Where the data is: any text that says so. Default: the name. */
  readonly uri?: string
  /** What the asset is counted among, for people. Default `"asset"`. */
  readonly group?: string
  /** What else is to be known of it. Default: nothing. */
  readonly extra?: JsonObject
}

const brand = Symbol.for("sluice.AssetSchedule")

/** Assets that runs wait for: one, or several joined by `and` and `or`. Give it to `schedule`. */
export class AssetSchedule {
  readonly [brand] = true
  readonly condition: AssetCondition
  /** The assets of the condition, as they are written down; some may be there twice. */
  readonly definitions: readonly SerializedAsset[]

  constructor(condition: AssetCondition, definitions: readonly SerializedAsset[]) {
    this.condition = condition
    this.definitions = definitions
  }

  /** Both: a run is made once each side has had its events since the last one. */
  and(other: AssetSchedule): AssetSchedule {
    return this.#join("all", other)
  }

  /** Either: a run is made once one side has had its events since the last one. */
  or(other: AssetSchedule): AssetSchedule {
    return this.#join("any", other)
  }

  #join(kind: "all" | "any", other: unknown): AssetSchedule {
    if (!isAssetSchedule(other)) {
      throw new DagDefinitionError({
        problem: `${kind === "all" ? "and" : "or"}() of an asset got ${describeValue(other)}`,
        expected: "an asset, or assets joined by and() and or()",
      })
    }
    const definitions = [...this.definitions, ...other.definitions]
    return new AssetSchedule(joined(kind, this.condition, other.condition), definitions)
  }
}

/** Data that tasks make and DAGs wait for. The name is what it is known by, in every DAG. */
export class Asset extends AssetSchedule {
  readonly name: string
  readonly uri: string
  readonly group: string
  readonly extra: JsonObject

  constructor(definition: SerializedAsset) {
    super({ asset: definition.name }, [definition])
    this.name = definition.name
    this.uri = definition.uri
    this.group = definition.group
    this.extra = definition.extra
  }
}

const uriLengthMax = 1_500
const groupLengthMax = 250
const defaultGroup = "asset"

/**
 * Names data that tasks make and DAGs wait for.
 *
 * A task says with `outlets` what it makes: each success is an event of the asset. A DAG says with `schedule` what it waits
 * for.
 *
 * @example
 * const orders = asset("orders", { uri: "s3://lake/orders" })
 * const users = asset("users")
 * const load = task("load", async () => { ... }, { outlets: [orders] })
 * export default dag("report", { schedule: orders.and(users) }, () => { ... })
 */
export function asset(name: string, options: AssetOptions = {}): Asset {
  if (textCheck(assetNameLengthMax).read(name) === undefined || name.includes("\0")) {
    throw new DagDefinitionError({
      problem: `asset() got ${describeValue(name)} as its name`,
      expected: `text of 1 to ${assetNameLengthMax} characters`,
    })
  }
  const checks = { uri: textCheck(uriLengthMax), group: textCheck(groupLengthMax), extra: jsonObjectCheck }
  const given = checkOptions(options, checks, { call: `asset("${name}")` })
  const { uri = name, group = defaultGroup, extra = {} } = given
  return new Asset({ name, uri, group, extra })
}

/** Recognises assets, also those made by another copy of this module. */
export function isAssetSchedule(value: unknown): value is AssetSchedule {
  return typeof value === "object" && value !== null && brand in value
}

/** Recognises one asset. */
export function isAsset(value: unknown): value is Asset {
  return isAssetSchedule(value) && "asset" in value.condition
}

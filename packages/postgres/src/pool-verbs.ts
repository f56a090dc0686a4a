import { Effect } from "effect"
import { defaultPool, type PoolStore, tooManyPools } from "@sluice/core/store"
import type { Client } from "./client.ts"
import * as pools from "./sql/pool.ts"
import { call, orNotFound, orTaken } from "./store-call.ts"

/** Pools and what takes their slots. */
export function poolVerbs(client: Client): PoolStore {
  return {
    listPools: (options) => call(client, "listPools", (sql) => pools.selectPools(sql, options)),
    pool: (name) => call(client, "pool", (sql) => pools.selectPool(sql, name)).pipe(orNotFound("pool", name)),
    createPool: (options) =>
      call(client, "createPool", (sql) => pools.insertPool(sql, options)).pipe(
        Effect.flatMap((made) => (made === "too many" ? Effect.fail(tooManyPools()) : Effect.succeed(made))),
        orTaken("pool", options.name),
      ),
    changePool: (options) =>
      call(client, "changePool", async (sql) =>
        (await pools.updatePool(sql, options)) ? pools.selectPool(sql, options.name) : null,
      ).pipe(orNotFound("pool", options.name)),
    deletePool: (options) =>
      options.name === defaultPool
        ? Effect.succeed("default")
        : call(client, "deletePool", (sql) => pools.deletePool(sql, options)),
  }
}

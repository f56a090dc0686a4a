import { decode } from "@sluice/host/codec"
import { Effect } from "effect"
import { expect, it } from "vitest"
import { openWorld } from "../harness/world.ts"

it("gives tasks and sources what the vault has, and keeps its secrets out of logs and errors", async () => {
  const world = await openWorld({ dagFiles: ["secrets"], engines: [{}] })
  const { store, vault } = world
  const call = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
  const variable = (key: string, value: string) =>
    call(store.createVariable(vault.sealVariable({ key, value, description: null }, "test")))
  await variable("api_token", "t0ken-of-api")
  await variable("region", "eu-west-1")
  const crm = {
    ...{ connectionId: "crm", type: "http", description: null, host: "api.example.com", port: 443 },
    ...{ login: "reader", schema: null, password: "p4ss of crm", extra: '{"private_key":"k3y of crm"}' },
  }
  await call(store.createConnection(vault.sealConnection(crm, "test")))
  const run = await world.runToEnd("secrets")
  const map = (await run.views()).find((view) => view.taskId === "use")!
  const result = await call(store.xcom({ expansionId: map.expansionId, mapIndex: 0, key: "return_value" }))
  expect(decode(result)).toEqual({
    ...{ host: "api.example.com", region: "eu-west-1", none: null, isWhole: true },
    extra: { private_key: "k3y of crm" },
  })
  const all = await call(store.listTaskInstances({ expansionId: map.expansionId, afterIndex: -2, limit: 10 }))
  expect(all[1]).toMatchObject({ state: "failed", error: { message: "401 for ***" } })
  const lines = await call(store.readLogs({ expansionId: map.expansionId, after: null, limit: 100 }))
  const text = JSON.stringify([lines, all])
  expect(text).not.toMatch(/t0ken-of-api|p4ss of crm|p4ss%20of%20crm|k3y of crm/)
  const messages = lines.map(({ message }) => message)
  expect(messages).toEqual(
    expect.arrayContaining(["pulls as reader with ***", "uses *** in eu-west-1", "prints ***"]),
  )
  expect(lines.find(({ message }) => message.startsWith("uses"))!.fields).toEqual({
    headers: { token: "***" },
    url: "https://u:***@h",
  })
})

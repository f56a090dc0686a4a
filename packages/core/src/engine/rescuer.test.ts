import { Effect, Logger } from "effect"
import { expect, it } from "vitest"
import { makeMemoryStore } from "../store/memory.ts"
import { deadRoleKeepSeconds, rescueOnce } from "./rescuer.ts"

it("says once that an engine died, and wakes who may take what it held", async () => {
  let now = Date.UTC(2026, 0, 1)
  const store = makeMemoryStore({ now: () => now })
  const said: string[] = []
  const woken: string[] = []
  for (const topic of ["work", "open"] as const) store.onWake(topic, () => woken.push(topic))
  const logger = Logger.make(({ message }) => void said.push(String(message)))
  const turn = () => Effect.runPromise(rescueOnce(store).pipe(Effect.provide(Logger.layer([logger]))))
  const beat = { engine: "box-1", hostname: "box", pid: 1, info: {}, deadAfterSeconds: 20 }
  for (const role of ["worker", "expander"]) {
    await Effect.runPromise(store.heartbeat({ ...beat, id: `${role}/box-1`, role }))
  }

  expect(await turn()).toMatchObject({ roles: 0 })
  expect(woken).toEqual([])
  now += 21_000
  expect(await turn()).toMatchObject({ roles: 2 })
  expect(await turn()).toMatchObject({ roles: 0 })
  expect(woken).toEqual(["work", "open"])
  expect(said).toEqual([
    "engine box-1 (worker, expander; process 1 on box) has not been heard of for 21.0 s and counts as dead: " +
      "what it held goes to others",
  ])
  now += deadRoleKeepSeconds * 1000 + 1
  await turn()
  expect(await Effect.runPromise(store.listRoles({ limit: 10 }))).toEqual([])
})

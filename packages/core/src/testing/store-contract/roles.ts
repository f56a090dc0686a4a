import { describe, expect, it } from "vitest"
import type { OpenStore } from "./harness.ts"
import { runEffect } from "./run-effect.ts"
import { openWorld } from "./world.ts"

const beat = { id: "worker-1", role: "worker", hostname: "box", pid: 42, info: { slots: 4 } }

/** Heartbeats and wake-ups. */
export function roleContract(open: OpenStore): void {
  describe("roles", () => {
    it("are seen by their heartbeats, each as it said last", async () => {
      const { store } = await openWorld(open)
      await runEffect(store.heartbeat(beat))
      const [first] = await runEffect(store.listRoles({ limit: 10 }))
      expect(first).toMatchObject({ ...beat, startedAt: expect.any(Date), heartbeatAt: expect.any(Date) })
      await runEffect(store.heartbeat({ ...beat, info: { slots: 1 } }))
      const [second, ...others] = await runEffect(store.listRoles({ limit: 10 }))
      expect(others).toEqual([])
      expect(second).toMatchObject({ info: { slots: 1 }, startedAt: first!.startedAt })
    })

    it("are gone when they end", async () => {
      const { store } = await openWorld(open)
      for (const id of ["a", "b", "c"]) await runEffect(store.heartbeat({ ...beat, id }))
      await runEffect(store.endRole("b"))
      await runEffect(store.endRole("unknown"))
      const roles = await runEffect(store.listRoles({ limit: 10 }))
      expect(roles.map(({ id }) => id).sort()).toEqual(["a", "c"])
      expect(await runEffect(store.listRoles({ limit: 1 }))).toHaveLength(1)
    })
  })

  describe("wake-ups", () => {
    it("reach the listeners of their topic, until these end", async () => {
      const { store } = await openWorld(open)
      const heard: string[] = []
      const work = new Promise<void>((resolve) => {
        store.onWake("work", () => {
          heard.push("work")
          resolve()
        })
      })
      const end = store.onWake("work", () => heard.push("ended"))
      store.onWake("due", () => heard.push("due"))
      end()
      store.wake("work")
      await work
      expect(heard).toContain("work")
      expect(heard).not.toContain("ended")
      expect(heard).not.toContain("due")
    })
  })
}

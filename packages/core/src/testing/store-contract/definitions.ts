import { describe, expect, it } from "vitest"
import { withCaptured } from "../../host/captured-bundle.ts"
import { mapped, serializedDag } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import { newRun, openWorld, register } from "./world.ts"

const dag = serializedDag({ dagId: "users", tasks: [{ taskId: "extract" }] })
const grown = serializedDag({ dagId: "users", tasks: [{ taskId: "extract" }, mapped("load")] })

/** DAGs, versions, bundles. */
export function definitionContract(open: OpenStore): void {
  describe("definitions", () => {
    it("gives back a DAG and its bundle as they were stored", async () => {
      const { store } = await openWorld(open)
      const bundle = { hash: "h", code: "export default 1 // '\"\\ é 漢", sourceMap: "{}" }
      const { dagVersionId } = await runEffect(store.registerDag({ dag: grown, bundle }))
      expect(await runEffect(store.loadBundle("h"))).toEqual(bundle)
      expect(await runEffect(store.dagVersion(dagVersionId))).toMatchObject({
        id: dagVersionId,
        dagId: "users",
        versionNumber: 1,
        bundleHash: "h",
        dag: grown,
      })
    })

    it("gives back what a bundle captured with its code, and each set of it under its own hash", async () => {
      const { store } = await openWorld(open)
      const code = { hash: "c", code: "export default 1", sourceMap: "{}" }
      const before = withCaptured(code, { tables: '["a"]', "é 漢": '{"$sluice":"undefined"}' })
      const after = withCaptured(code, { tables: '["b"]' })
      for (const bundle of [before, after, code, before]) await runEffect(store.registerDag({ dag, bundle }))
      for (const bundle of [before, after, code])
        expect(await runEffect(store.loadBundle(bundle.hash))).toEqual(bundle)
      const versions = await runEffect(
        store.listDagVersions({ dagId: "users", isNewestFirst: false, skip: 0, limit: 10 }),
      )
      expect(versions.rows.map(({ bundleHash }) => bundleHash)).toEqual([before.hash, after.hash, code.hash])
    })

    it("writes nothing for the same shape from the same bundle", async () => {
      const { store } = await openWorld(open)
      const first = await register(store, dag)
      expect(first).toMatchObject({ versionNumber: 1, isNew: true })
      expect(await register(store, dag)).toEqual({ ...first, isNew: false })
    })

    it("makes a version for another shape, and for other code", async () => {
      const { store } = await openWorld(open)
      await register(store, dag)
      expect(await register(store, grown)).toMatchObject({ versionNumber: 2, isNew: true })
      expect(await register(store, dag, "bundle-2")).toMatchObject({ versionNumber: 3, isNew: true })
    })

    it("numbers the versions of each DAG from 1", async () => {
      const { store } = await openWorld(open)
      await register(store, dag)
      expect(await register(store, { ...dag, dagId: "groups" })).toMatchObject({ versionNumber: 1 })
    })

    it("runs the version that was registered last, also when that is an earlier one again", async () => {
      const { store } = await openWorld(open)
      const { dagVersionId } = await register(store, dag)
      const second = await register(store, grown)
      expect((await newRun(store, { dagId: "users", runId: "a" })).dagVersionId).toBe(second.dagVersionId)
      await register(store, dag)
      expect((await newRun(store, { dagId: "users", runId: "b" })).dagVersionId).toBe(dagVersionId)
    })

    it("stores a version once when many register it together", async () => {
      const { store } = await openWorld(open)
      const all = await Promise.all(Array.from({ length: 8 }, () => register(store, dag)))
      expect(new Set(all.map(({ dagVersionId }) => dagVersionId)).size).toBe(1)
      expect(all.filter(({ isNew }) => isNew)).toHaveLength(1)
    })

    it("says what it does not have", async () => {
      const { store } = await openWorld(open)
      expect(await failureOf(store.loadBundle("none"))).toMatchObject({ _tag: "NotFound" })
      expect(await failureOf(store.dagVersion("987654"))).toMatchObject({ _tag: "NotFound" })
    })
  })
}

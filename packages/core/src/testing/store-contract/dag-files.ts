import { describe, expect, it } from "vitest"
import type { DagFileStore } from "../../store/dag-file-store.ts"
import type { StoreService } from "../../store/store.ts"
import { serializedDag } from "./dag-fixture.ts"
import type { OpenStore } from "./harness.ts"
import { failureOf, runEffect } from "./run-effect.ts"
import { newRun, openWorld, register } from "./world.ts"

const dagOf = (dagId: string, taskId = "extract") => serializedDag({ dagId, tasks: [{ taskId }] })
const bundleOf = (hash: string) => ({ hash, code: `// ${hash}`, sourceMap: null })
const folder = "dags"
const error = { type: "SyntaxError", message: "a.ts:3:8: Expected `,`", stack: "frame" }

function publish(store: StoreService, path: string, hash: string, ...dagIds: string[]) {
  return runEffect(
    store.publishDagFile({
      file: { folder, path },
      bundle: bundleOf(hash),
      dags: dagIds.map((dagId) => dagOf(dagId)),
    }),
  )
}

function list(store: StoreService, options: Partial<Parameters<DagFileStore["listDagFiles"]>[0]> = {}) {
  return runEffect(store.listDagFiles({ after: null, limit: 100, ...options }))
}

/** DAG files: published, refused, broken, gone. */
export function dagFileContract(open: OpenStore): void {
  describe("DAG files", () => {
    it("make what they define the newest version, all DAGs together", async () => {
      const { store } = await openWorld(open)
      expect(await publish(store, "a.ts", "h1", "one", "two")).toMatchObject({
        kind: "published",
        newVersions: ["one", "two"],
      })
      const run = await newRun(store, { dagId: "two", runId: "r" })
      expect(await runEffect(store.dagVersion(run.dagVersionId))).toMatchObject({
        bundleHash: "h1",
        versionNumber: 1,
      })
      expect(await list(store)).toEqual([
        {
          folder,
          path: "a.ts",
          bundleHash: "h1",
          dagIds: ["one", "two"],
          importError: null,
          changedAt: expect.any(Date),
        },
      ])
    })

    it("write nothing for the same content again", async () => {
      const { store, elapse } = await openWorld(open)
      await publish(store, "a.ts", "h1", "one")
      const [before] = await list(store)
      await elapse(1_000)
      expect(await publish(store, "a.ts", "h1", "one")).toMatchObject({ kind: "published", newVersions: [] })
      expect((await list(store))[0]?.dagIds).toEqual(before?.dagIds)
    })

    it("are refused as a whole where another file owns one of their DAGs", async () => {
      const { store } = await openWorld(open)
      await publish(store, "a.ts", "h1", "one")
      expect(await publish(store, "b.ts", "h2", "zero", "one")).toEqual({
        kind: "refused",
        owned: [{ dagId: "one", folder, path: "a.ts" }],
      })
      expect((await list(store)).map((file) => file.path)).toEqual(["a.ts"])
      expect(
        await failureOf(
          store.createDagRun({
            dagId: "zero",
            runId: "r",
            runType: "manual",
            conf: {},
            logicalDate: null,
          }),
        ),
      ).toMatchObject({ _tag: "NotFound" })
    })

    it("give a DAG to the file that has it once the other has not", async () => {
      const { store } = await openWorld(open)
      await publish(store, "a.ts", "h1", "one", "two")
      await publish(store, "a.ts", "h2", "two")
      expect(await publish(store, "b.ts", "h3", "one")).toMatchObject({ kind: "published" })
      expect(await runEffect(store.removeDagFiles({ folder, paths: ["a.ts", "never.ts"] }))).toEqual(["two"])
      expect(await publish(store, "b.ts", "h4", "one", "two")).toMatchObject({ kind: "published" })
      expect((await list(store)).map((file) => file.path)).toEqual(["b.ts"])
    })

    it("give a DAG to one of two that are published together", async () => {
      const { store } = await openWorld(open)
      const paths = ["a.ts", "b.ts", "c.ts", "d.ts"]
      const results = await Promise.all(paths.map((path) => publish(store, path, path, "one")))
      expect(results.filter(({ kind }) => kind === "published")).toHaveLength(1)
      expect(await list(store)).toHaveLength(1)
    })

    it("keep what they defined while their content cannot be used", async () => {
      const { store } = await openWorld(open)
      await publish(store, "a.ts", "h1", "one")
      await runEffect(store.storeImportError({ file: { folder, path: "a.ts" }, error }))
      await runEffect(store.storeImportError({ file: { folder, path: "new.ts" }, error }))
      expect(await list(store, { onlyErrors: true })).toMatchObject([
        { path: "a.ts", bundleHash: "h1", dagIds: ["one"], importError: error },
        { path: "new.ts", bundleHash: null, dagIds: [], importError: error },
      ])
      expect(await newRun(store, { dagId: "one", runId: "r" })).toMatchObject({ dagId: "one" })
      await publish(store, "a.ts", "h1", "one")
      expect((await list(store, { onlyErrors: true })).map((file) => file.path)).toEqual(["new.ts"])
    })

    it("may define a DAG that was registered without a file", async () => {
      const { store } = await openWorld(open)
      await register(store, dagOf("one"))
      expect(await publish(store, "a.ts", "h1", "one")).toMatchObject({ kind: "published" })
    })

    it("are listed by keyset, folder by folder", async () => {
      const { store } = await openWorld(open)
      for (const path of ["b.ts", "a.ts", "ä.ts", "sub/a.ts", "B.ts"]) await publish(store, path, path, path)
      await runEffect(
        store.publishDagFile({ file: { folder: "aa", path: "z.ts" }, bundle: bundleOf("z"), dags: [] }),
      )
      const paths: string[] = []
      for (let after: Parameters<DagFileStore["listDagFiles"]>[0]["after"] = null; ;) {
        const rows = await list(store, { after, limit: 2 })
        paths.push(...rows.map((row) => `${row.folder}/${row.path}`))
        after = rows.at(-1) ?? null
        if (after === null) break
      }
      expect(paths).toEqual(["aa/z.ts", "dags/B.ts", "dags/a.ts", "dags/b.ts", "dags/sub/a.ts", "dags/ä.ts"])
      expect(await list(store, { folder: "aa" })).toHaveLength(1)
    })
  })
}

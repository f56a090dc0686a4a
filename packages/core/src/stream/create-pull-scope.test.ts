import { describe, expect, it } from "vitest"
import { createPullScope } from "./create-pull-scope.ts"

function setup(signal?: AbortSignal) {
  const closed: string[] = []
  const scope = createPullScope({ signal })
  const resource = (name: string, error?: Error) => ({
    async close() {
      closed.push(name)
      if (error !== undefined) throw error
    },
  })
  return { closed, scope, resource }
}

describe("a pull scope", () => {
  it("closes everything once, its shelves too", async () => {
    const { closed, scope, resource } = setup()
    scope.set({}, resource("root"))
    scope.child("a").set({}, resource("a"))
    scope.child("a").child("b").set({}, resource("b"))
    await Promise.all([scope.close(), scope.close()])
    expect(closed.toSorted()).toEqual(["a", "b", "root"])
  })

  it("closes the rest when one resource fails to close, and reports the failure", async () => {
    const { closed, scope, resource } = setup()
    scope.set({}, resource("bad", new Error("stuck")))
    scope.child("a").set({}, resource("good"))
    await expect(scope.close()).rejects.toThrow("stuck")
    expect(closed.toSorted()).toEqual(["bad", "good"])
  })

  it("reports several failures together", async () => {
    const { scope, resource } = setup()
    scope.set({}, resource("one", new Error("1")))
    scope.set({}, resource("two", new Error("2")))
    await expect(scope.close()).rejects.toBeInstanceOf(AggregateError)
  })

  it("closes when its signal aborts, and refuses resources from then on", async () => {
    const controller = new AbortController()
    const { closed, scope, resource } = setup(controller.signal)
    scope.set({}, resource("early"))
    controller.abort(new Error("stopped"))
    expect(closed).toEqual(["early"])
    expect(() => scope.set({}, resource("late"))).toThrow("stopped")
    expect(closed).toEqual(["early", "late"])
  })

  it("releases one resource and forgets it", async () => {
    const { closed, scope, resource } = setup()
    const owner = {}
    scope.set(owner, resource("it"))
    await scope.release(owner)
    expect(scope.get(owner)).toBeUndefined()
    await scope.close()
    expect(closed).toEqual(["it"])
  })

  it("gives a fresh shelf in the place of a closed one", async () => {
    const { scope, resource } = setup()
    const owner = {}
    scope.child("inner").set(owner, resource("it"))
    await scope.child("inner").close()
    expect(scope.child("inner").get(owner)).toBeUndefined()
    scope.child("inner").set(owner, resource("again"))
    expect(scope.child("inner").get(owner)).toBeDefined()
  })

  it("lets its owner change the page size for all shelves", () => {
    const { scope } = setup()
    const child = scope.child("a")
    scope.pageSize = 7
    expect(child.pageSize).toBe(7)
    expect(() => (scope.pageSize = 0)).toThrow(RangeError)
  })
})

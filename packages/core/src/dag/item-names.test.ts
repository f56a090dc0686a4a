import { describe, expect, it } from "vitest"
import { task } from "../index.ts"
import { Gap } from "../stream/gap.ts"
import { dag } from "./dag.ts"
import { itemKeys, itemLabels } from "./item-names.ts"

/** The node of a task mapped with these options. */
function nodeWith(options: object) {
  const made = dag("d", () => task("load", (n: unknown) => n).expand([1], options))
  return made.node("load")
}

const keysOf = (key: unknown, items: readonly unknown[]) => itemKeys(nodeWith({ key }), items)

function labelsOf(label: unknown, items: readonly unknown[]) {
  const told: string[] = []
  const labels = itemLabels(nodeWith({ label }), items, (message) => told.push(message))
  return { labels, told }
}

describe("keys", () => {
  it("are those of the items in their order, and none at a gap", () => {
    const items = [{ id: "a" }, new Gap("skipped"), { id: "b" }]
    expect(keysOf((item: { id: string }) => item.id, items)).toEqual(["a", null, "b"])
    expect(itemKeys(nodeWith({}), items)).toBeNull()
  })

  it.each([
    ["the number 7", 7],
    ["undefined", undefined],
    ["null", null],
    ["a promise", () => Promise.reject(new Error("nobody hears this"))],
    ["an empty text", ""],
    ["a text of 513 characters", "x".repeat(513)],
    ["a text of 513 characters", "😀".repeat(513)],
    ["with NUL in it", "a\0b"],
    ["with half a surrogate pair in it", "a\ud800"],
  ])("that are %s are refused, naming task, item and fix", (problem, key) => {
    const given = () => (typeof key === "function" ? key() : key)
    const refused = () => keysOf((n: number) => (n === 2 ? given() : "fine"), [1, 2])
    expect(refused).toThrow(`task "load": key gave `)
    expect(refused).toThrow(problem)
    expect(refused).toThrow(" for item 1 of its page; expected text of 1 to 512 characters. Fix: ")
    expect(refused).toThrow(expect.objectContaining({ name: "BadKey", retryable: false }))
  })

  it("may have 512 characters, whatever they are", () => {
    expect(keysOf(() => "😀".repeat(512), [1])).toEqual(["😀".repeat(512)])
  })

  it("whose function throws throw the author's own error", () => {
    const key = () => {
      throw new RangeError("no id")
    }
    expect(() => keysOf(key, [1])).toThrow(RangeError)
  })
})

describe("labels", () => {
  it("are those of the items, and none at a gap or where the text is empty", () => {
    const items = [1, new Gap("upstream_failed"), 2]
    expect(labelsOf((n: number) => (n === 2 ? "" : `n ${n}`), items)).toEqual({
      labels: ["n 1", null, null],
      told: [],
    })
    expect(itemLabels(nodeWith({}), items, () => {})).toBeNull()
  })

  it("are cut, and made fit to be stored", () => {
    const { labels } = labelsOf((text: string) => text, ["x".repeat(251), "😀".repeat(250), "a\0b\ud800"])
    expect(labels).toEqual([`${"x".repeat(249)}…`, "😀".repeat(250), "a\ufffdb\ufffd"])
  })

  it("that cannot be had are null, told once for the page, and end nothing", () => {
    const label = (n: number) => {
      if (n === 1) throw new TypeError("no name")
      return n === 2 ? n : `${n}`
    }
    const { labels, told } = labelsOf(label, [0, 1, 2, 3])
    expect(labels).toEqual(["0", null, null, "3"])
    expect(told).toEqual([
      'label of task "load": threw TypeError: no name for item 1 of its page; it goes without a label',
    ])
    expect(labelsOf(async () => "late", [1, 2]).told).toEqual([
      'label of task "load": gave a promise instead of text for item 0 of its page; it goes without a label',
    ])
  })
})

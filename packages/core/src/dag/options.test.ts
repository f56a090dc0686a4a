import { describe, expect, it } from "vitest"
import { dag, DagDefinitionError, source, task } from "../index.ts"
import { mapDefaults, serializeDag, taskDefaults } from "./index.ts"
import type { SerializedTask } from "./index.ts"

const loose = (value: unknown) => value as never
const numbers = (options?: object) =>
  source(
    "numbers",
    async function* () {
      yield 1
    },
    options,
  )

/** Serializes the one task that a DAG of a task with these options has. */
function settingsOf(options?: object, defaultTaskOptions?: object): SerializedTask {
  const made = dag("d", loose({ defaultTaskOptions }), () => task("t", () => 1, loose(options))())
  return serializeDag(made).tasks[0]!
}

/** Serializes the mapping of a task that iterates a source. */
function mappingOf(options?: object, ofSource?: object) {
  const made = dag("d", () => task("t", (n: number) => n).iterate(numbers(ofSource)(), loose(options)))
  return serializeDag(made).tasks.at(-1)!.mapping!
}

describe("options", () => {
  it("have the defaults that are written down", () => {
    expect(settingsOf()).toMatchObject(taskDefaults)
    expect(mappingOf()).toMatchObject(mapDefaults)
  })

  it("are serialized in milliseconds", () => {
    const options = { retries: 2, retryDelay: "1.5s", retryBackoff: 1.5, retryDelayMax: "2h", timeout: 250 }
    expect(settingsOf(options)).toMatchObject({
      retries: 2,
      retryDelayMs: 1500,
      retryBackoff: 1.5,
      retryDelayMaxMs: 7_200_000,
      timeoutMs: 250,
    })
  })

  it("of the DAG count where the task says nothing", () => {
    const defaults = { retries: 5, timeout: "1m", pool: "p" }
    expect(settingsOf({ pool: "q", timeout: null }, defaults)).toMatchObject({
      retries: 5,
      timeoutMs: null,
      pool: "q",
    })
  })

  it("raise the longest delay with the first", () => {
    expect(settingsOf({ retryDelay: "2d" }).retryDelayMaxMs).toBe(2 * 86_400_000)
  })

  it("given as undefined count as not given", () => {
    expect(settingsOf({ retries: undefined })).toEqual(settingsOf())
  })

  it.each(["retries", "poolSlots", "concurrency", "retryBackoff", "retryDelay", "timeout", "retryDelayMax"])(
    "refuse numbers that make no sense for %s",
    (name) => {
      for (const value of [Number.NaN, Infinity, -1, 1e12, "3", "soon", true, {}]) {
        if (name === "retryBackoff" && value === 1e12) continue
        expect(() => settingsOf({ [name]: value })).toThrow(`the option "${name}" of task() is`)
      }
    },
  )

  it.each(["window", "pageSize", "pageBytesMax", "maxItems"])("refuse a %s that is no count", (name) => {
    for (const value of [Number.NaN, 0, -5, 1.5, Infinity, "10"]) {
      const given = () => mappingOf({ [name]: value })
      expect(given).toThrow(DagDefinitionError)
      expect(given).toThrow(`dag "d", task "t": the option "${name}" of iterate() is`)
      expect(() => numbers({ [name]: value })).toThrow(`the option "${name}" of source() is`)
    }
  })

  it("refuse a page over the window", () => {
    expect(() => mappingOf({ window: 10, pageSize: 11 })).toThrow("over the window of 10")
    expect(() => mappingOf({ pageSize: 1001 })).toThrow("over the window of 1000")
    expect(() => numbers({ pageSize: 1001 })).toThrow("over the window of 1000")
    expect(mappingOf({ window: 10 })).toMatchObject({ window: 10, pageSize: 10 })
    expect(mappingOf({ window: 10, pageSize: 10 })).toMatchObject({ window: 10, pageSize: 10 })
  })

  it("of a fused source count where its only reader says nothing", () => {
    const ofSource = { window: 50, pageSize: 20, paused: true }
    expect(mappingOf({}, ofSource)).toMatchObject({ window: 50, pageSize: 20, paused: true })
    expect(mappingOf({ window: 5, paused: false }, ofSource)).toMatchObject({
      window: 5,
      pageSize: 5,
      paused: false,
    })
  })

  it("that are misspelt come with the likely word", () => {
    expect(() => settingsOf({ retrys: 1 })).toThrow('task() has no option "retrys"')
    expect(() => settingsOf({ retrys: 1 })).toThrow('Fix: write "retries"')
    expect(() => mappingOf({ pagesize: 1 })).toThrow('Fix: write "pageSize"')
    expect(() => dag("d", loose({ shedule: null }), () => {})).toThrow('Fix: write "schedule"')
    expect(() => settingsOf({ toString: 1 })).toThrow('no option "toString"')
  })

  it("of another call are sent there", () => {
    expect(() => settingsOf({ window: 1 })).toThrow("Fix: give it to iterate() or expand()")
    expect(() => mappingOf({ retries: 1 })).toThrow("Fix: give it to task()")
    expect(() => numbers({ concurrency: 1 })).toThrow("Fix: give it to the task that iterates it")
  })

  it.each(["key", "label"])("take a function for %s, and nothing else", (name) => {
    for (const value of [1, "id", null, {}])
      expect(() => mappingOf({ [name]: value })).toThrow(
        `dag "d", task "t": the option "${name}" of iterate() is`,
      )
    expect(() => numbers({ [name]: String })).toThrow(`source() has no option "${name}"`)
    expect(() => settingsOf({ [name]: String })).toThrow("Fix: give it to iterate() or expand()")
    const flag = name === "key" ? "isKeyed" : "isLabelled"
    expect(mappingOf({ [name]: String })[flag]).toBe(true)
    expect(mappingOf()[flag]).toBe(false)
  })

  it("say how many failures a map goes on with, by a count, a share or a word", () => {
    const tolerated = (options: object) => mappingOf(options).toleratedFailures
    expect(tolerated({})).toBeNull()
    expect(tolerated({ toleratedFailures: null })).toBeNull()
    expect(tolerated({ onFailure: "continue" })).toBeNull()
    expect(tolerated({ onFailure: "stop" })).toEqual({ count: 0, ratio: null, minSample: 100 })
    expect(tolerated({ toleratedFailures: 5 })).toEqual({ count: 5, ratio: null, minSample: 100 })
    const share = { count: 9, ratio: 0.5, minSample: 4 }
    expect(tolerated({ toleratedFailures: share })).toEqual(share)
    expect(tolerated({ toleratedFailures: { ratio: 1 } })).toEqual({ count: null, ratio: 1, minSample: 100 })
  })

  it.each([-1, 1.5, "5", [], {}, { minSample: 3 }, { count: 1, minSample: 3 }, { ratio: 1.1 }, { share: 1 }])(
    "refuse %j as a number of tolerated failures",
    (toleratedFailures) => {
      expect(() => mappingOf({ toleratedFailures })).toThrow('the option "toleratedFailures" of iterate() is')
    },
  )

  it("refuse two words about failures, and words where nothing can fail", () => {
    expect(() => mappingOf({ onFailure: "stop", toleratedFailures: 1 })).toThrow('Fix: leave "onFailure" out')
    expect(() => mappingOf({ onFailure: "halt" })).toThrow('one of "stop", "continue"')
    expect(() => numbers({ toleratedFailures: 1 })).toThrow("has no instances that could fail")
    expect(() => settingsOf({ onFailure: "stop" })).toThrow("Fix: give it to iterate() or expand()")
  })

  it("bound how long a run may take", () => {
    const timeout = (runTimeout?: unknown) =>
      serializeDag(dag("d", loose({ runTimeout }), () => {})).runTimeoutMs
    expect([timeout(), timeout(null), timeout("2h"), timeout(5)]).toEqual([null, null, 7_200_000, 5])
    expect(() => timeout(0)).toThrow('the option "runTimeout" of dag() is')
    expect(() => settingsOf({ runTimeout: 1 })).toThrow('no option "runTimeout"')
  })

  it("take ordered: false only over the results of one mapped task", () => {
    const twice = task("t", (n: number) => n * 2)
    const first = task("first", (n: number) => n)
    const mapped = dag("d", () => {
      const results = first.iterate(numbers()())
      twice.iterate(results, { ordered: false })
      twice.withId("other").iterate(
        results.map((n) => n),
        { ordered: false },
      )
      twice.withId("third").iterate(results, { ordered: true })
    })
    const mappings = serializeDag(mapped).tasks.flatMap(({ taskId, mapping }) =>
      mapping === null ? [] : [[taskId, mapping.isOrdered]],
    )
    expect(Object.fromEntries(mappings)).toEqual({ first: true, t: false, other: false, third: true })
    const refused = (build: () => unknown) =>
      expect(() => dag("d", () => void build())).toThrow(
        'dag "d", task "t": the option "ordered" of iterate() is false, and its items do not come from',
      )
    refused(() => twice.iterate(numbers()(), { ordered: false }))
    refused(() => {
      const results = first.iterate(numbers()())
      twice.iterate(results.concat(results), { ordered: false })
    })
    expect(() => dag("d", () => void twice.expand([1], { ordered: false }))).toThrow(
      'option "ordered" of expand()',
    )
  })

  it("refuse unknown trigger rules, and options that are no object", () => {
    expect(() => settingsOf({ triggerRule: "sometimes" })).toThrow('one of "all_success"')
    expect(() => task("t", () => 1, loose(3))).toThrow("the options of task() are")
  })

  it("of the DAG are checked, and its params go into their schema", () => {
    const refused = (options: object) => () => dag("d", loose(options), () => {})
    expect(refused({ schedule: 3 })).toThrow('the option "schedule" of dag() is')
    expect(refused({ tags: "a" })).toThrow('the option "tags"')
    expect(refused({ params: { at: new Date() } })).toThrow('the option "params"')
    expect(refused({ defaultTaskOptions: { retries: -1 } })).toThrow(
      'the option "retries" of defaultTaskOptions',
    )
    const paramsSchema = { type: "object", required: ["n"], properties: { n: { type: "number" } } }
    const made = dag("d", { params: { n: 1, s: null }, paramsSchema, tags: ["a", "a"] }, () => {})
    expect(made.params).toEqual({ n: 1, s: null })
    expect(serializeDag(made)).toMatchObject({
      tags: ["a"],
      paramsSchema: {
        type: "object",
        required: ["n"],
        properties: { n: { type: "number", default: 1 }, s: { default: null } },
      },
    })
  })
})

import { from } from "ix/asynciterable"
import { Readable } from "node:stream"
import { describe, expect, it } from "vitest"
import { chain, dag, DagDefinitionError, source, task, type LazyXCom, type XCom } from "../index.ts"

// The authoring API as plain JavaScript sees it: no types stop these mistakes.
type Untyped = (...args: unknown[]) => Untyped & { partial: Untyped; iterate: Untyped; expand: Untyped }
const untyped = (value: unknown) => value as Untyped & ReturnType<Untyped>

const one = task("one", () => 1)
const inc = task("inc", (n: number) => n + 1)
const list = task("list", () => [1, 2])
const numbers = source("numbers", async function* () {
  yield 1
})

function refusal(build: () => unknown): DagDefinitionError {
  try {
    build()
  } catch (error) {
    if (error instanceof DagDefinitionError) return error
    throw error
  }
  throw new Error("it was accepted")
}

const inDag = (build: () => unknown) => refusal(() => dag("d", build))

describe("a mistake in a DAG", () => {
  it("is told with dag, task, what came, what was expected, and the fix", () => {
    const error = inDag(() => [one(), one()])
    expect(error.name).toBe("DagDefinitionError")
    expect([error.dagId, error.taskId]).toEqual(["d", "one"])
    expect(error.message).toBe(
      'dag "d", task "one": the id is used twice; expected an id of its own for each call of a task. ' +
        'Fix: give the second one another id, as in someTask.withId("one_2")(...).',
    )
  })

  it.each([
    ["an empty id", ""],
    ["a space", "a b"],
    ["a slash", "a/b"],
    ["only dots", ".."],
    ["no text", 7],
    ["251 characters", "x".repeat(251)],
    ["the key that is none", "__proto__"],
  ])("refuses %s as an id", (_name, id) => {
    expect(refusal(() => untyped(task)(id, () => 1)).message).toContain("the id given to task()")
    expect(refusal(() => untyped(source)(id, () => from([1]))).message).toContain("the id given to source()")
    expect(refusal(() => untyped(dag)(id, () => {})).message).toContain("the id given to dag()")
    expect(refusal(() => one.withId(id as string)).message).toContain("the id given to withId()")
  })

  it("accepts letters of any script, digits, _, - and ., up to 250 characters", () => {
    expect(() => task("Überträge_2-a.b", () => 1)).not.toThrow()
    expect(() => task("x".repeat(250), () => 1)).not.toThrow()
  })

  it("refuses a task outside dag()", () => {
    expect(refusal(() => one()).message).toContain('task "one": the task was called outside dag()')
    expect(refusal(() => inc.expand([1])).message).toContain("expand() was called outside dag()")
    expect(refusal(() => inc.iterate(numbers())).message).toContain("iterate() was called outside dag()")
  })

  it("refuses dag() inside dag(), and builds well afterwards", () => {
    const error = inDag(() => dag("inner", () => {}))
    expect(error.message).toContain('dag "d": dag("inner") was called inside it')
    expect(dag("d", () => one()).nodes).toHaveLength(1)
  })

  it("refuses an async build function, and leaves no rejection behind", async () => {
    const error = inDag(async () => {
      await Promise.resolve()
      one()
    })
    expect(error.message).toContain("its function is async")
    await new Promise((resolve) => setTimeout(resolve, 5))
  })

  it("refuses a cycle, and names its tasks in the order in which they would run", () => {
    const error = inDag(() => {
      const [a, b, c] = [one.withId("a")(), one.withId("b")(), one.withId("c")()]
      chain(a, b, c, a)
    })
    expect(error.message).toMatch(
      /the tasks wait for each other: (a → b → c → a|b → c → a → b|c → a → b → c)/,
    )
    expect(
      inDag(() => {
        const a = one()
        a.after(a)
      }).message,
    ).toContain("one → one")
  })

  it("refuses a cycle through streams and values", () => {
    const error = inDag(() => {
      const first = one()
      const mapped = inc.iterate(numbers())
      chain(mapped, first)
      chain(first, inc.withId("other").iterate(mapped), mapped)
    })
    expect(error.message).toContain("the tasks wait for each other")
  })

  it("refuses a source that nothing reads, also when it only stands in order", () => {
    expect(inDag(() => numbers()).message).toContain(
      'dag "d", task "numbers": nothing reads the source; expected a consumer for every source. ' +
        "Fix: pass it to iterate() or to a task's input",
    )
    expect(inDag(() => chain(numbers(), one())).message).toContain("nothing reads the source")
  })

  it("refuses what belongs to another DAG", () => {
    let xcom: XCom<number> | undefined
    let stream: LazyXCom<number> | undefined
    dag("other", () => {
      xcom = one()
      stream = inc.iterate(numbers())
    })
    const expected = 'dag "d": task "inc" got task "one" of dag "other"'
    expect(inDag(() => inc(xcom!)).message).toContain(expected)
    expect(inDag(() => inc.iterate(stream!)).message).toContain('got task "inc" of dag "other"')
    expect(inDag(() => inc.expand(xcom! as unknown as XCom<number[]>)).message).toContain(expected)
    expect(inDag(() => one().after(xcom!)).message).toContain('after() got task "one" of dag "other"')
    expect(refusal(() => xcom!.after(xcom!)).message).toContain("outside dag()")
  })

  it("refuses a stream of a source that was called outside dag()", () => {
    const outside = numbers()
    expect(inDag(() => inc.iterate(outside)).message).toContain("a source that was called outside dag()")
  })

  it("refuses the 4097th task", () => {
    const many = (count: number) => () => {
      for (let index = 0; index < count; index++) one.withId(`t${index}`)()
    }
    expect(dag("d", many(4096)).nodes).toHaveLength(4096)
    expect(inDag(many(4097)).message).toContain("more than 4096 tasks")
  })

  it("refuses to iterate what is no stream, and says what to do instead", () => {
    const iterate = (value: unknown) => inDag(() => untyped(inc).iterate(value)).message
    expect(iterate([1, 2])).toContain("Fix: map over a list with expand()")
    expect(inDag(() => untyped(inc).iterate(list())).message).toContain("map over a list with expand()")
    expect(iterate(numbers)).toContain("call the source or the task")
    expect(iterate({})).toContain("iterate() got an object")
    expect(iterate({ a: 1 })).toContain('as "a"')
    for (const value of [undefined, null, 3, "text"]) expect(iterate(value)).toContain("expected a stream")
  })

  it("refuses what can be read only once", () => {
    async function* gen() {
      yield 1
    }
    const wrap = 'Fix: wrap it: source("inc_source", () => openItAnew())'
    expect(inDag(() => inc.iterate(gen())).message).toContain(wrap)
    expect(inDag(() => inc.iterate(Readable.from([1]))).message).toContain(wrap)
    expect(inDag(() => untyped(inc).iterate(new ReadableStream())).message).toContain(wrap)
    expect(refusal(() => untyped(source)("s", gen())).message).toContain('wrap it: source("s", () =>')
  })

  it("refuses to expand what is no list", () => {
    expect(inDag(() => untyped(inc).expand(numbers())).message).toContain("map over a stream with iterate()")
    expect(inDag(() => untyped(inc).expand({ a: 3 })).message).toContain("expand() got")
    expect(inDag(() => untyped(inc).expand("text")).message).toContain("expected a list")
  })

  it("refuses an XCom inside a value, where it would stay one", () => {
    expect(inDag(() => untyped(inc)({ parts: [1, one()] })).message).toContain("at parts[1]")
    expect(inDag(() => untyped(inc).expand([one()])).message).toContain("at expand()[0]")
  })

  it("refuses an XCom as text", () => {
    expect(inDag(() => `text ${untyped(one)() as unknown as string}`).message).toContain(
      "its XCom was used as text",
    )
  })

  it("refuses a stream that every mapped instance would read, and one that a source would", () => {
    const partial = () => untyped(inc).partial({ all: numbers() }).expand([1])
    expect(inDag(partial).message).toContain('partial() fixes "all" to a stream')
    expect(inDag(() => untyped(numbers)({ all: list.withId("l").expand([1]) })).message).toContain(
      "with a stream",
    )
  })

  it("refuses parameters of a source that would hide its own", () => {
    expect(inDag(() => untyped(numbers)({ cursor: 1 })).message).toContain('a parameter "cursor"')
    expect(inDag(() => untyped(numbers)(3)).message).toContain("the source was called with")
  })

  it("refuses what is no function, no source, no order", () => {
    expect(refusal(() => untyped(task)("t", 3)).message).toContain("task() got")
    expect(refusal(() => untyped(source)("t", { start: 1 })).message).toContain("source() got")
    expect(refusal(() => untyped(dag)("d", {})).message).toContain("dag() got")
    expect(inDag(() => untyped(chain)(one, one())).message).toContain("chain() got")
    expect(inDag(() => untyped(inc).partial(3)).message).toContain("partial() got")
    const pairs = () => chain([one(), one.withId("b")()], [one.withId("c")()])
    expect(inDag(pairs).message).toContain("lists of 2 and 1 tasks")
  })
})

import { describe, expect, expectTypeOf, it } from "vitest"
import {
  branch,
  chain,
  continuous,
  cron,
  dag,
  every,
  group,
  loop,
  once,
  page,
  setup,
  shortCircuit,
  source,
  task,
  teardown,
  triggerRun,
} from "../index.ts"
import type {
  DataInterval,
  LazyXCom,
  Schedule,
  SourceScope,
  TaskContext,
  TaskGroup,
  TaskLoop,
  TriggeredRun,
  XCom,
} from "../index.ts"

// Nothing here is called: `tsc -b packages/core` checks it, and takes an unused @ts-expect-error for an error.

interface User {
  readonly id: string
  readonly active: boolean
}

declare const firstUrl: string
declare function getJson(
  url: string,
  options: { signal: AbortSignal },
): Promise<{ value: User[]; next?: string }>

const listUsers = source("list_users", async function* ({ cursor = firstUrl, signal }) {
  for (let url: string | null = cursor; url;) {
    const body = await getJson(url, { signal })
    url = body.next ?? null
    yield page(body.value, url)
  }
})

const upsert = task("upsert", async ({ user, table }: { user: User; table: string }, ctx) => {
  ctx.log.info("upserting", { id: user.id, table })
  return user.id
})

const report = task("report", async ({ ids }: { ids: AsyncIterable<string> }) => {
  let n = 0
  for await (const _ of ids) n++
  return { n }
})

const double = task("double", (n: number) => n * 2)
const hello = task("hello", async () => "hello")
const count = task("count", async ({ n, label }: { n: number; label?: string }) => `${label}${n}`)
const listNumbers = task("list_numbers", async () => [1, 2, 3])

const types = (name: string, check: () => void) => it(name, () => expect(check).toBeTypeOf("function"))

describe("the types of the authoring API", () => {
  types("follow the items from source to result", () => {
    const users = listUsers().filter((user) => user.active)
    expectTypeOf(users).toEqualTypeOf<LazyXCom<User>>()
    const ids = upsert.partial({ table: "users" }).iterate(users.map((user) => ({ user })))
    expectTypeOf(ids).toEqualTypeOf<LazyXCom<string>>()
    expectTypeOf(report({ ids })).toEqualTypeOf<XCom<{ n: number }>>()
    expectTypeOf(hello()).toEqualTypeOf<XCom<string>>()
    expectTypeOf(double.iterate(double.expand([1, 2]))).toEqualTypeOf<LazyXCom<number>>()
  })

  types("give the context its type without annotation", () => {
    task("t", (_input: number, ctx) => expectTypeOf(ctx).toEqualTypeOf<TaskContext>())
    task("t", async (_, ctx) => expectTypeOf(ctx).toEqualTypeOf<TaskContext>())()
  })

  types("take values and XComs field by field, or one XCom for all", () => {
    upsert({ user: { id: "1", active: true }, table: hello() })
    count({ n: double(1) })
    count({ n: 1, label: hello() })
    double(double(1))
    count(task("both", async () => ({ n: 1, label: "a" }))())
    // @ts-expect-error the user is missing
    upsert({ table: "users" })
    // @ts-expect-error there is no input at all
    upsert()
    // @ts-expect-error an XCom of text is no number
    double(hello())
    // @ts-expect-error an XCom of text is no number
    count({ n: hello() })
    // @ts-expect-error there is no such field
    count({ n: 1, lable: "a" })
    // @ts-expect-error it takes no input
    hello(1)
    // @ts-expect-error a stream is no number
    double(double.expand([1]))
  })

  types("take streams as async iterables, of the right items", () => {
    const numbers = double.expand([1, 2])
    // @ts-expect-error a stream of numbers is no stream of text
    report({ ids: numbers })
    report({ ids: numbers.map((n) => `${n}`) })
    // @ts-expect-error the XCom of a list is no stream
    report({ ids: listNumbers() })
  })

  types("iterate only streams of what the task takes", () => {
    const users = listUsers()
    upsert.iterate(users.map((user) => ({ user, table: "t" })))
    upsert.iterate({ user: users, table: users.map((user) => user.id) })
    double.iterate(double.iterate(listUsers().map((user) => user.id.length)))
    // @ts-expect-error the items lack the table
    upsert.iterate(users.map((user) => ({ user })))
    // @ts-expect-error the items are users, not objects with a user
    upsert.partial({ table: "users" }).iterate(users)
    // @ts-expect-error a number is not a stream
    double.iterate(3)
    // @ts-expect-error a list is not a stream
    double.iterate([1, 2])
    // @ts-expect-error the XCom of a list is not a stream
    double.iterate(listNumbers())
    // @ts-expect-error the source was not called
    upsert.iterate(listUsers)
    // @ts-expect-error one stream is missing
    upsert.iterate({ user: users })
    // @ts-expect-error streams of text do not fit
    double.iterate(users.map((user) => user.id))
    // @ts-expect-error no such option
    double.iterate(double.expand([1]), { windows: 3 })
  })

  types("expand lists, known now or returned by a task, crossed when named", () => {
    double.expand([1, 2])
    double.expand(listNumbers())
    count.expand({ n: [1, 2], label: ["a", "b"] })
    count.expand({ n: listNumbers(), label: ["a"] })
    count.partial({ label: "a" }).expand({ n: listNumbers() })
    count.partial({ label: hello() }).expand([{ n: 1 }])
    // @ts-expect-error text is not a number
    double.expand(["a"])
    // @ts-expect-error the XCom is not a list
    double.expand(hello())
    // @ts-expect-error a stream is iterated
    double.expand(double.expand([1]))
    // @ts-expect-error n is missing
    count.expand({ label: ["a"] })
  })

  types("let branches return ids, and short circuits true or false", () => {
    const pick = branch("pick", async ({ n }: { n: number }) => (n > 1 ? "many" : "few"))
    expectTypeOf(pick({ n: 1 })).toEqualTypeOf<XCom<"many" | "few">>()
    expectTypeOf(branch("none", () => null)()).toEqualTypeOf<XCom<null>>()
    branch("several", (_, ctx) => {
      expectTypeOf(ctx).toEqualTypeOf<TaskContext>()
      return ["a", "b"]
    })()
    expectTypeOf(shortCircuit("go_on", () => true)()).toEqualTypeOf<XCom<boolean>>()
    pick.partial({ n: double(1) })()
    // @ts-expect-error n is missing
    pick()
    // @ts-expect-error a number is no id
    branch("pick", () => 3)
    // @ts-expect-error text is neither true nor false
    shortCircuit("go_on", () => "yes")
    // @ts-expect-error what decides for the run is not mapped
    pick.expand([{ n: 1 }])
    // @ts-expect-error no such option
    branch("pick", () => null, { ignoreDownstreamTriggerRules: true })
  })

  types("give setups and teardowns results like tasks, and teardowns no trigger rule", () => {
    const create = setup("create", async () => ({ url: "x" }))
    const drop = teardown("drop", async ({ made }: { made: { url: string } }) => made.url, {
      onFailureFailDagRun: true,
      retries: 3,
    })
    expectTypeOf(create()).toEqualTypeOf<XCom<{ url: string }>>()
    expectTypeOf(drop({ made: create() })).toEqualTypeOf<XCom<string>>()
    // @ts-expect-error what it undoes is missing
    drop()
    // @ts-expect-error a teardown's rule is its own
    teardown("drop", () => 1, { triggerRule: "all_done" })
    // @ts-expect-error it runs once in a run
    create.iterate(listUsers())
  })

  types("let groups take what their functions take, and give what these return", () => {
    const load = group("load", (day: string) => count({ n: 1, label: day }))
    expectTypeOf(load("monday")).toEqualTypeOf<TaskGroup<XCom<string>>>()
    expectTypeOf(load("monday").result).toEqualTypeOf<XCom<string>>()
    chain(hello(), load("tuesday").after(hello()), hello())
    // @ts-expect-error the day is missing
    load()
    // @ts-expect-error a group is no value: its result is
    double(load("monday"))
    // @ts-expect-error no such option
    group("load", () => hello(), { retries: 3 })
  })

  types("make runs of other DAGs with the conf that is said", () => {
    const load = triggerRun<{ day: string }>("load", { dagId: "other", wait: true, retries: 1 })
    expectTypeOf(load({ day: hello() })).toEqualTypeOf<XCom<TriggeredRun>>()
    load.expand([{ day: "monday" }])
    triggerRun("plain", { dagId: "other" })()
    // @ts-expect-error the conf has a day
    load()
    // @ts-expect-error the DAG is missing
    triggerRun("load", { wait: true })
  })

  types("let loops go round with what they result in, and end with the last of it", () => {
    const double = task("double", (n: number) => n * 2)
    const doubled = loop("doubled", (n: XCom<number>) => double(n), {
      until: (n, { iteration }) => {
        expectTypeOf(n).toEqualTypeOf<number>()
        expectTypeOf(iteration).toEqualTypeOf<number>()
        return n > 100
      },
      maxIterations: 10,
    })
    expectTypeOf(doubled(1)).toEqualTypeOf<TaskLoop<number>>()
    expectTypeOf(doubled(double(1)).result).toEqualTypeOf<XCom<number>>()
    expectTypeOf(doubled.withId("again")(1).iterations).toEqualTypeOf<LazyXCom<number>>()
    double.withId("each").iterate(doubled(1).iterations)
    const polled = loop("polled", () => listNumbers(), { until: async (numbers) => numbers.length > 3 })
    expectTypeOf(polled().result).toEqualTypeOf<XCom<number[]>>()
    // @ts-expect-error its first iteration takes a number
    doubled("one")
    // @ts-expect-error a loop that takes nothing is called with nothing
    polled(1)
    // @ts-expect-error what an iteration results in is what the next one takes
    loop("l", (n: XCom<number>) => task("text", (n: number) => `${n}`)(n), { until: () => true })
    // @ts-expect-error an iteration results in what one task returns
    loop("l", (n: XCom<number>) => ({ n: double(n) }), { until: () => true })
    // @ts-expect-error until says true or false
    loop("l", (n: XCom<number>) => double(n), { until: (n) => n })
    // @ts-expect-error a loop must say when it is done
    loop("l", (n: XCom<number>) => double(n), { maxIterations: 3 })
  })

  types("map groups over what their functions take, and give streams of what these return", () => {
    const perUser = group("per_user", (user: XCom<User>) => ({
      id: upsert({ user, table: "users" }),
      hello: hello(),
    }))
    const { id, hello: greetings } = perUser.iterate(listUsers()).result
    expectTypeOf(id).toEqualTypeOf<LazyXCom<string>>()
    expectTypeOf(greetings).toEqualTypeOf<LazyXCom<string>>()
    expectTypeOf(group("g", (n: XCom<number>) => double(n)).expand([1, 2])).toEqualTypeOf<
      TaskGroup<LazyXCom<number>>
    >()
    group("g", (n: XCom<number>) => double(n)).expand(listNumbers())
    // @ts-expect-error numbers are no users
    perUser.iterate(double.expand([1]))
    // @ts-expect-error a group of two parameters is not mapped
    group("two", (a: XCom<number>, _b: string) => double(a)).iterate(double.expand([1]))
  })

  types("leave after partial what remains, and no more", () => {
    const withTable = upsert.partial({ table: hello() })
    withTable({ user: { id: "1", active: true } })
    upsert.partial({ table: "t" }).partial({ user: { id: "1", active: true } })()
    // @ts-expect-error no such field
    upsert.partial({ tabel: "users" })
    // @ts-expect-error a table is text
    upsert.partial({ table: 3 })
    // @ts-expect-error the table is fixed already
    withTable.partial({ table: "again" })
    // @ts-expect-error the items bring the table again
    withTable.iterate(listUsers().map((user) => ({ user, table: "x" })))
    // @ts-expect-error the table is fixed already
    withTable({ user: { id: "1", active: true }, table: "x" })
  })

  types("infer what sources give and take", () => {
    expectTypeOf(
      source("bare", async function* () {
        yield 1
        yield 2
      })(),
    ).toEqualTypeOf<LazyXCom<1 | 2>>()
    expectTypeOf(source("rows", () => listUsers())()).toEqualTypeOf<LazyXCom<User>>()
    const unfold = source("unfold", {
      start: 0,
      pull: async (cursor) => {
        expectTypeOf(cursor).toEqualTypeOf<number>()
        return { items: [`${cursor}`], next: cursor < 3 ? cursor + 1 : null }
      },
    })
    expectTypeOf(unfold()).toEqualTypeOf<LazyXCom<string>>()
    const ranged = source("ranged", async function* (scope: SourceScope & { from: number; to?: number }) {
      yield page([scope.from], null)
    })
    expectTypeOf(ranged({ from: double(1) })).toEqualTypeOf<LazyXCom<number>>()
    const own = source("own", async function* ({ cursor = 0, table }: { cursor?: number; table: string }) {
      yield page([{ table, cursor }], cursor + 1)
    })
    expectTypeOf(own({ table: hello() })).toEqualTypeOf<LazyXCom<{ table: string; cursor: number }>>()
    // @ts-expect-error the table is missing
    own()
    // @ts-expect-error from is a number
    ranged({ from: "1" })
    // @ts-expect-error it takes no parameters
    listUsers({ from: 1 })
    // @ts-expect-error the next cursor is not of the kind that the source starts with
    source("bad", { start: 0, pull: () => ({ items: [1], next: "a" }) })
    // @ts-expect-error a generator object is not a source
    source("bad", double.expand([1]))
  })

  types("give key and label the items of the stream", () => {
    upsert.partial({ table: "t" }).iterate(
      listUsers().map((user) => ({ user, extra: 1 })),
      {
        key: (item) => {
          expectTypeOf(item).toEqualTypeOf<{ user: User; extra: number }>()
          return item.user.id
        },
        label: ({ user }) => user.id,
      },
    )
    upsert.iterate(
      { user: listUsers(), table: listUsers().map((user) => user.id) },
      { key: ({ user }) => user.id },
    )
    double.expand(listNumbers(), { key: (n) => n.toFixed() })
    double.expand([1, 2], { label: (n) => n.toFixed() })
    count.expand({ n: [1, 2] }, { key: ({ n, label }) => `${label} ${n.toFixed()}` })
    // @ts-expect-error a key is text
    double.iterate(double.expand([1]), { key: (n: number) => n })
    // @ts-expect-error a key is there at once
    double.iterate(double.expand([1]), { key: async (n: number) => `${n}` })
    // @ts-expect-error the items are numbers
    double.iterate(double.expand([1]), { key: (n: string) => n })
    // @ts-expect-error the items have no such field
    upsert.expand({ user: [], table: [] }, { label: (item) => item.name })
  })

  types("know the options", () => {
    task("t", () => 1, { retries: 3, retryDelay: "30s", timeout: null, triggerRule: "all_done" })
    // @ts-expect-error no duration
    task("t", () => 1, { retryDelay: "soon" })
    // @ts-expect-error no such rule
    task("t", () => 1, { triggerRule: "sometimes" })
    // @ts-expect-error that is an option of iterate
    task("t", () => 1, { window: 3 })
    // @ts-expect-error no source has instances to be named
    source("s", () => listUsers(), { key: (user: User) => user.id })
    dag("d", { schedule: "@hourly", params: { a: [1, null] }, defaultTaskOptions: { retries: 1 } }, () => {})
    // @ts-expect-error a date is not JSON
    dag("d", { params: { at: new Date() } }, () => {})
  })

  types("know schedules", () => {
    const build = () => {}
    dag("d", { schedule: cron("0 5 * * *", { timezone: "Europe/Berlin", dataInterval: "none" }) }, build)
    dag("d", { schedule: every("15m"), startDate: "2026-01-01", endDate: new Date(), catchup: true }, build)
    dag("d", { schedule: ["@hourly", cron("30 9 * * *")], jitter: "5m", maxActiveRuns: 1 }, build)
    dag("d", { schedule: once() }, build)
    dag("d", { schedule: continuous() }, build)
    expectTypeOf(cron("@daily")).toExtend<Schedule>()
    task("t", (_, ctx) => {
      expectTypeOf(ctx.logicalDate).toEqualTypeOf<Date | null>()
      expectTypeOf(ctx.dataInterval).toEqualTypeOf<DataInterval | null>()
    })
    // @ts-expect-error spans are not crons
    dag("d", { schedule: [every("15m")] }, build)
    // @ts-expect-error no such unit
    every("15 minutes")
    // @ts-expect-error no such option
    cron("@daily", { zone: "UTC" })
    // @ts-expect-error no such rule
    every("1h", { dataInterval: "next" })
    // @ts-expect-error a number is no instant
    dag("d", { startDate: 0 }, build)
  })
})

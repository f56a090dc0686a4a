import { expect, it } from "vitest"
import { listStream } from "../sources/list-stream.ts"
import { chunk } from "./chunk.ts"
import { drop } from "./drop.ts"
import { flatMap } from "./flat-map.ts"
import { map } from "./map.ts"
import { take } from "./take.ts"
import { zip } from "./zip.ts"
import { createPullScope } from "../create-pull-scope.ts"

const list = listStream([1, 2, 3])

it.each([
  ["take", () => take(list, -1), /take takes a whole number of at least 0, and got -1/],
  ["take", () => take(list, "2" as never), /take takes a whole number.*got the string "2"/],
  ["drop", () => drop(list, 1.5), /drop takes .* got 1.5/],
  ["chunk", () => chunk(list, 0), /chunk takes a whole number of at least 1, and got 0/],
  ["map", () => map(list, undefined as never), /map takes a function, and got undefined/],
  ["zip", () => zip([]), /zip takes at least one stream/],
  ["zip", () => zip([list, 3 as never]), /zip takes streams, and got the number 3/],
])("%s refuses bad arguments by name", (_, call, message) => {
  expect(call).toThrow(message)
})

it("flatMap refuses a string, which nobody means letter by letter", async () => {
  const stream = flatMap(list, () => "abc" as never)
  await expect(stream.pull(stream.start, createPullScope())).rejects.toThrow(/it gave the string "abc"/)
})

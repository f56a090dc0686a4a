import { describe, expect, it } from "vitest"
import { httpPoll, type HttpPollOptions } from "../../dag/built-in-triggers.ts"
import { eventBytesMax } from "../../dag/deferral.ts"
import type { FileTrigger, HttpTrigger } from "../../dag/trigger-spec.ts"
import { lookAt } from "./look.ts"
import type { HttpReply, Outside } from "./outside.ts"

const signal = new AbortController().signal

const outside = (given: Partial<Outside>): Outside => ({
  fetch: () => Promise.reject(new Error("nobody asked")),
  fileSize: () => Promise.reject(new Error("nobody asked")),
  ...given,
})

const reply = (status: number, body: string, contentType = "application/json"): HttpReply => ({
  ...{ status, contentType, body: new TextEncoder().encode(body), isCut: false },
})

const poll = (options: Partial<HttpPollOptions> = {}) =>
  httpPoll({ url: "http://there/", every: "1s", ...options }).waitsFor as HttpTrigger

const ask = (answer: HttpReply | Error, options: Partial<HttpPollOptions> = {}) =>
  lookAt(
    poll(options),
    outside({ fetch: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)) }),
    signal,
  )

describe("a look over HTTP", () => {
  it("sees the event in any success, with its body as JSON or text", async () => {
    expect(await ask(reply(204, ""))).toMatchObject({ saw: "event", event: '{"status":204,"body":""}' })
    expect(await ask(reply(200, '{"a":[1]}', "application/problem+json"))).toMatchObject({
      event: '{"status":200,"body":{"a":[1]}}',
    })
    expect(await ask(reply(200, '{"a":1}', "text/plain"))).toMatchObject({
      event: '{"status":200,"body":"{\\"a\\":1}"}',
    })
    expect(await ask(reply(200, "{", "application/json"))).toMatchObject({
      event: '{"status":200,"body":"{"}',
    })
  })

  it("waits for the status that is asked for, whatever else is answered", async () => {
    const until = { status: [404, 410] }
    expect(await ask(reply(200, ""), { until })).toEqual({ saw: "nothing", why: "answered 200" })
    expect(await ask(reply(410, ""), { until })).toMatchObject({ saw: "event" })
    expect(await ask(reply(503, ""))).toEqual({ saw: "nothing", why: "answered 503" })
  })

  it("waits for a value in the body, of whatever type it says to be", async () => {
    const until = { json: { path: "jobs[0].state", equals: "done" } }
    const answer = (state: string) => reply(200, JSON.stringify({ jobs: [{ state }] }), "text/html")
    expect(await ask(answer("running"), { until })).toEqual({ saw: "nothing", why: null })
    expect(await ask(answer("done"), { until })).toMatchObject({ saw: "event" })
    expect(await ask(reply(200, "no json"), { until })).toEqual({ saw: "nothing", why: null })
  })

  it("waits on where there is no answer, and says why with what is behind it", async () => {
    const error = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") })
    expect(await ask(error)).toEqual({
      saw: "nothing",
      why: "gave no answer: fetch failed: connect ECONNREFUSED",
    })
  })

  it("fails over a body that no event can hold, read or written", async () => {
    const large = { ...reply(200, "x"), isCut: true }
    expect(await ask(large)).toMatchObject({ saw: "failure", why: expect.stringContaining('method "HEAD"') })
    const escaped = reply(200, "\u0001".repeat(eventBytesMax / 4), "text/plain")
    expect(await ask(escaped)).toMatchObject({ saw: "failure" })
  })

  it("has no body of a HEAD request", async () => {
    expect(await ask(reply(200, "x"), { method: "HEAD" })).toMatchObject({
      event: '{"status":200,"body":null}',
    })
  })
})

describe("a look for a file", () => {
  const file: FileTrigger = { kind: "file", path: "/there", everyMs: 1_000 }
  const look = (fileSize: Outside["fileSize"]) => lookAt(file, outside({ fileSize }), signal)

  it("sees it with its size, and waits while it is absent", async () => {
    expect(await look(() => Promise.resolve(12))).toEqual({
      saw: "event",
      event: '{"path":"/there","bytes":12}',
    })
    expect(await look(() => Promise.resolve(null))).toEqual({ saw: "nothing", why: null })
  })

  it("fails where it may not look", async () => {
    const refused = look(() => Promise.reject(new Error("EACCES: permission denied")))
    expect(await refused).toEqual({ saw: "failure", why: "EACCES: permission denied" })
  })
})

import type { PagedStream } from "../stream/paged-stream.ts"
import type { PullScope } from "../stream/pull-scope.ts"
import { requireReader } from "../stream/require-reader.ts"
import type { InputPart, InputPlan } from "./input-plan.ts"

/** The values that a source was called with, by name. */
export type SourceParams = Readonly<Record<string, unknown>>

/** Makes a source's stream once its parameters are known. */
export type OpenSourceStream = (params: SourceParams) => PagedStream<unknown>

/** Makes the stream of a source that was called with values and XComs: with XComs, they are read when it is opened. */
export function sourceStream(input: InputPlan, open: OpenSourceStream): PagedStream<unknown> {
  const fields = input.fields ?? []
  if (fields.some(([, part]) => part.from === "xcom")) return withXComParams(fields, open)
  return open(Object.fromEntries(fields.map(([key, part]) => [key, constantOf(part)])))
}

/** The stream opened in one scope, with the parameters as they were read there. */
class OpenedStream {
  readonly stream: PagedStream<unknown>
  readonly #scope: PullScope

  constructor(stream: PagedStream<unknown>, scope: PullScope) {
    this.stream = stream
    this.#scope = scope
  }

  close(): Promise<void> {
    return this.stream.close(this.#scope)
  }
}

function withXComParams(
  fields: readonly (readonly [string, InputPart])[],
  open: OpenSourceStream,
): PagedStream<unknown> {
  const owner: PagedStream<unknown> = {
    start: null,
    async pull(cursor, scope) {
      const opened = scope.get<OpenedStream>(owner) ?? (await openIn(scope))
      return opened.stream.pull(cursor ?? opened.stream.start, scope)
    },
    close: (scope) => scope.release(owner),
  }
  const openIn = async (scope: PullScope) => {
    const opened = new OpenedStream(open(await readParams(fields, scope)), scope)
    scope.set(owner, opened)
    return opened
  }
  return owner
}

async function readParams(
  fields: readonly (readonly [string, InputPart])[],
  scope: PullScope,
): Promise<SourceParams> {
  const read = fields.map(async ([key, part]) => [key, await readPart(part, scope)] as const)
  return Object.fromEntries(await Promise.all(read))
}

async function readPart(part: InputPart, scope: PullScope): Promise<unknown> {
  if (part.from !== "xcom") return constantOf(part)
  const { taskId } = part.node
  return requireReader(scope, taskId).readXCom({ taskId, signal: scope.signal })
}

function constantOf(part: InputPart): unknown {
  return part.from === "constant" ? part.value : undefined
}

/** A process of the bench: it is asked one thing at a time and answers. */
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

/** The process as the bench sees it. */
export interface Child<Question, Answer> {
  readonly pid: number
  ask(question: Question): Promise<Answer>
  stop(): Promise<void>
}

/** How long a process may take to end before it is killed. */
const stopMs = 10_000

/** Starts a process from its file beside this one. */
export function startChild<Question, Answer>(
  file: string,
  options: { args: readonly string[]; nodeOptions?: readonly string[] },
): Child<Question, Answer> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = fork(path, [...options.args], {
    execArgv: ["--conditions=@sluice/source", ...(options.nodeOptions ?? [])],
    stdio: ["ignore", 2, 2, "ipc"],
  })
  const ended = once(child, "exit")
  return {
    pid: child.pid ?? 0,
    ask: (question) => ask<Answer>(child, question, ended),
    stop: async () => {
      if (child.connected) child.disconnect()
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMs)
      await ended
      clearTimeout(timer)
    },
  }
}

async function ask<Answer>(
  child: ChildProcess,
  question: unknown,
  ended: Promise<unknown[]>,
): Promise<Answer> {
  const answered = new Promise<Reply<Answer>>((resolve) => {
    child.once("message", (message) => resolve(message as Reply<Answer>))
  })
  child.send({ question })
  const reply = await Promise.race([answered, ended])
  if (Array.isArray(reply)) throw new Error(`a bench process ended (${String(reply[0] ?? reply[1])})`)
  if ("error" in reply) throw new Error(reply.error)
  return reply.answer
}

type Reply<Answer> = { readonly answer: Answer } | { readonly error: string }

/** In the process: answers each question; ends when the bench does, after `close`. */
export function serve(answer: (question: never) => Promise<unknown>, close: () => Promise<void>): void {
  process.on("message", (message) => {
    answer((message as { question: never }).question).then(
      (answer) => process.send?.({ answer }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? "") : String(error) }),
    )
  })
  process.on("disconnect", () => {
    void close().finally(() => process.exit(0))
  })
}

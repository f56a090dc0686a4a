import type { TaskError } from "../port.ts"
import { sendAndExit } from "./channel.ts"
import { Instance } from "./instance.ts"
import { failAndSayLast } from "./leases.ts"
import { logging, writeLog } from "./log.ts"
import { sayLastOfTriggers } from "./triggers.ts"
import { describeThrown } from "./thrown.ts"

/** The code with which a host ends itself after an uncaught exception. */
const uncaughtExitCode = 70

/**
 * Deals with errors that no `await` of user code catches.
 *
 * A rejected promise nobody handled fails the instance that made it, if it still runs, and is logged otherwise: the
 * host lives on. After an uncaught exception (a timer's callback, an emitter without an error listener) the process is
 * in no known state: its instance fails, finished outcomes are sent, and the host ends.
 */
export function watchForStrayErrors(): void {
  process.on("unhandledRejection", (reason) => {
    const owner = logging.getStore()
    const error = describeThrown(reason)
    const stray = { ...error, message: `a promise that nobody awaited was rejected: ${error.message}` }
    if (owner instanceof Instance) owner.strayError ??= stray
    writeLog(owner, "error", `${stray.type}: ${stray.message}\n${stray.stack ?? ""}`, undefined)
  })
  process.on("uncaughtException", (thrown) => endAfter(thrown))
}

function endAfter(thrown: unknown): void {
  const owner = logging.getStore()
  const error: TaskError = describeThrown(thrown)
  failAndSayLast(owner instanceof Instance ? owner : null, {
    ...error,
    message: `uncaught exception: ${error.message}`,
  })
  sayLastOfTriggers(owner ?? null)
  const whose = owner === undefined ? "" : ` in ${owner.label()}`
  sendAndExit(
    {
      kind: "dying",
      reason: `was stopped by an uncaught exception${whose}: ${error.type}: ${error.message}`,
    },
    uncaughtExitCode,
  )
}

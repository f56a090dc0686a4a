import { Cause, Logger } from "effect"
import type { Layer } from "effect"

/** Takes what the engine has to say beside its work; `details` may have many lines. */
export type EngineLog = (level: "warning" | "error", message: string, details: string | null) => void

/** Sends the engine's log to a command instead of the console, whose screen it would break. */
export function engineLogLayer(log: EngineLog): Layer.Layer<never> {
  const logger = Logger.make(({ logLevel, message, cause }) => {
    if (logLevel !== "Warn" && logLevel !== "Error" && logLevel !== "Fatal") return
    const words = (Array.isArray(message) ? message : [message]).map(String).join(" ")
    const hasCause = cause.reasons.length > 0
    log(logLevel === "Warn" ? "warning" : "error", words, hasCause ? Cause.pretty(cause) : null)
  })
  return Logger.layer([logger])
}

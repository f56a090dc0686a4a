import type { TaskError } from "@sluice/core/engine"
import { type ExitCode, exitCodes, Problem } from "./problem.ts"
import { firstUserFrame } from "./stack.ts"

/** How an error is told: a line, more below it when it is a bug of ours, and what the process ends with. */
export interface ErrorReport {
  readonly line: string
  readonly stack: string | null
  readonly exitCode: ExitCode
}

/** Turns whatever ended a command into what is shown of it. */
export function reportError(error: unknown): ErrorReport {
  if (error instanceof Problem) return expected(error.message, error.exitCode)
  if (isRejection(error)) return expected(describeRejection(error.error), exitCodes.usage)
  const known = describeKnown(error)
  if (known !== null) return expected(known, exitCodes.failed)
  const stack = error instanceof Error ? (error.stack ?? null) : null
  return { line: `a bug in Sluice: ${messageOf(error)}`, stack, exitCode: exitCodes.failed }
}

/** Says why a DAG file was refused, with the place in it where that is known. */
export function describeRejection(error: TaskError): string {
  const frame = error.type === "SyntaxError" ? null : firstUserFrame(error.stack)
  const place = frame === null ? "" : ` (at ${frame})`
  const isOwn = ["MissingFile", "NoDag", "DagFileError", "DagDefinitionError", "HostLost"].includes(
    error.type,
  )
  return `${isOwn ? "" : `${error.type}: `}${error.message}${place}`
}

function expected(line: string, exitCode: ExitCode): ErrorReport {
  return { line: line.replaceAll(/\s*\n\s*/g, " "), stack: null, exitCode }
}

// Errors of other packages are told apart by name: loading their classes would slow down every help page.

function isRejection(error: unknown): error is Error & { readonly error: TaskError } {
  return error instanceof Error && error.name === "BundleRejected"
}

/** Errors of the store and the database. */
function describeKnown(error: unknown): string | null {
  if (typeof error !== "object" || error === null) return null
  const { _tag: tag, name } = error as { _tag?: unknown; name?: unknown }
  const fields = error as Record<string, unknown>
  switch (tag ?? name) {
    case "NotFound":
      return `${String(fields["what"])} "${String(fields["id"])}" does not exist`
    case "DuplicateDagRun":
      return `DAG "${String(fields["dagId"])}" has a run "${String(fields["runId"])}" already. Fix: choose another --run-id, or go on with it by --resume`
    case "AlreadyExists":
      return `${String(fields["what"])} "${String(fields["id"])}" exists already`
    case "InvalidRun":
    case "NotAllowed":
    case "SecretKeyMissing":
    case "SecretUnreadable":
    case "StoreUnavailable":
    case "DatabaseUnavailable":
    case "DatabaseError":
      return messageOf(error)
    default:
      return null
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

import { type UserRole, userRoles } from "@sluice/core/store"
import type { OptionSpec } from "./command.ts"
import { Problem, UsageProblem } from "./problem.ts"

/** `--role`, for users and tokens. */
export const roleOption: OptionSpec = {
  flags: "--role <role>",
  description: `what it may do: ${userRoles.join(", ")} (each may do what those before it may)`,
  parse: (text): UserRole => {
    const role = userRoles.find((known) => known === text)
    if (role !== undefined) return role
    throw new UsageProblem(`--role: "${text}" came`, { expected: `one of ${userRoles.join(", ")}` })
  },
  default: "viewer",
}

/** `--password-stdin`: so that a password is on no command line, and in no history. */
export const passwordStdinOption: OptionSpec = {
  flags: "--password-stdin",
  description: "read the password from standard input, one line (default: make one, and print it once)",
}

/** The most that is read of standard input for a password. */
const passwordBytesMax = 4096

/** Reads a name of a user or a token. */
export function readName(what: string, text: string, lengthMax: number): string {
  // What stands in logs, tables and URLs must be readable there.
  if (text.length <= lengthMax && /^[\p{L}\p{N}][\p{L}\p{N}._@+-]*$/u.test(text)) return text
  throw new UsageProblem(`"${text}" cannot be the name of a ${what}`, {
    expected: `up to ${lengthMax} letters, digits and . _ @ + -, the first one a letter or a digit`,
  })
}

/** Reads one line as a password. */
export async function readPassword(
  input: AsyncIterable<string | Uint8Array>,
  bounds: { readonly min: number; readonly max: number },
): Promise<string> {
  let text = ""
  for await (const chunk of input) {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8")
    if (text.length > passwordBytesMax || text.includes("\n")) break
  }
  const password = text.split(/\r?\n/, 1)[0] ?? ""
  if (password.length >= bounds.min && password.length <= bounds.max) return password
  throw new UsageProblem(`a password of ${password.length} characters came`, {
    expected: `${bounds.min} to ${bounds.max} of them`,
  })
}

/** A user or a token that is not there. */
export function unknown(what: string, name: string): Problem {
  return new Problem(`there is no ${what} "${name}"`, { fix: `see \`sluice ${what}s list\`` })
}

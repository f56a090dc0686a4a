import { Readable } from "node:stream"
import { expect, it } from "vitest"
import { readName, readPassword } from "./identities.ts"

const bounds = { min: 8, max: 20 }

it("reads one line of standard input as a password", async () => {
  expect(await readPassword(Readable.from(["correct ", "horse\r\nmore\n"]), bounds)).toBe("correct horse")
  expect(await readPassword(Readable.from(["correct horse"]), bounds)).toBe("correct horse")
})

it.each([["short\n"], [""], ["x".repeat(21)]])("refuses the password %j by its length", async (text) => {
  await expect(readPassword(Readable.from([text]), bounds)).rejects.toThrow("expected 8 to 20 of them")
})

it("takes names that are readable in logs, tables and URLs", () => {
  for (const name of ["ada", "ada@example.com", "älpha-1", "ci.bot+x"])
    expect(readName("user", name, 128)).toBe(name)
  for (const name of ["", "-x", "a b", "a\n", "a/b", "x".repeat(129)])
    expect(() => readName("user", name, 128)).toThrow("cannot be the name of a user")
})

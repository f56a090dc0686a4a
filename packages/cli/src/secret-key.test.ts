import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { makeSecretKey } from "@sluice/core/secrets"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { openSecretBox } from "./secret-key.ts"

let projectDir: string

beforeEach(() => {
  projectDir = mkdtempSync(join(tmpdir(), "sluice-key-"))
})

afterEach(() => rmSync(projectDir, { recursive: true }))

describe("the secret key", () => {
  it("is the environment's, where it has one, for any database", () => {
    const env = { SLUICE_SECRET_KEY: `${makeSecretKey()}, ${makeSecretKey()}` }
    const [one, other] = [true, false].map((isEmbedded) => openSecretBox(env, { isEmbedded, projectDir })!)
    expect(other!.open(one!.seal("text", "p"), "p")).toBe("text")
    expect(readdirSync(projectDir)).toEqual([])
    expect(() => openSecretBox({ SLUICE_SECRET_KEY: "x" }, { isEmbedded: true, projectDir })).toThrow(
      "expected 32",
    )
  })

  it("is a file of the project beside an embedded database, made once, for its owner alone", () => {
    const at = { isEmbedded: true, projectDir }
    const sealed = openSecretBox({}, at)!.seal("text", "p")
    expect(openSecretBox({}, at)!.open(sealed, "p")).toBe("text")
    expect(readdirSync(join(projectDir, ".sluice"))).toEqual(["secret.key"])
    const path = join(projectDir, ".sluice", "secret.key")
    expect(statSync(path).mode & 0o777).toBe(0o600)
    writeFileSync(path, `${makeSecretKey()},${readFileSync(path, "utf8")}`)
    const box = openSecretBox({}, at)!
    expect([box.open(sealed, "p"), box.isNewest(sealed)]).toEqual(["text", false])
    writeFileSync(path, "x,")
    expect(() => openSecretBox({}, at)).toThrow(".sluice/secret.key: a secret key has")
  })

  it("is not made up for a database of the user's", () => {
    expect(openSecretBox({}, { isEmbedded: false, projectDir })).toBeNull()
  })
})

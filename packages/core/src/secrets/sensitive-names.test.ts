import { describe, expect, it } from "vitest"
import { hideSecrets, isSensitiveName, restoreSecrets, secretsIn } from "./sensitive-names.ts"

describe("sensitive names", () => {
  it.each(["password", "DB_PASSWD", "api-key", "X-Authorization", "my_secret_thing", "refreshToken"])(
    "%s is one",
    (name) => expect(isSensitiveName(name)).toBe(true),
  )

  it.each(["host", "key", "pass", "user", "", "pages"])("%j is none", (name) =>
    expect(isSensitiveName(name)).toBe(false),
  )

  it("hide what is under them, however deep, and nothing else", () => {
    const value = {
      host: "h",
      auth: [{ password: "p", port: 1 }],
      token: { a: ["t"] },
      secret: null,
      passwd: "",
    }
    expect(hideSecrets(value)).toEqual({
      ...{ host: "h", auth: [{ password: "***", port: 1 }], token: "***", secret: null, passwd: "" },
    })
    expect(secretsIn(value)).toEqual(["p", "t", ""])
    expect(hideSecrets(["plain", 1, null])).toEqual(["plain", 1, null])
    expect(restoreSecrets(hideSecrets(value), value)).toEqual(value)
    expect(restoreSecrets({ token: "new", host: "***", secret: "***" }, value)).toEqual({
      ...{ token: "new", host: "***", secret: null },
    })
  })
})

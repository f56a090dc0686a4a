import { describe, expect, it } from "vitest"
import { makeMasker, maskedTextsMax } from "./masker.ts"

describe("a masker", () => {
  it("hides what it was told of, the longest first, in texts and in values", () => {
    const masker = makeMasker()
    expect([masker.hasAny(), masker.text("s3cret")]).toEqual([false, "s3cret"])
    masker.add(["s3cret", "s3cret.long$", "tiny"])
    expect(masker.text("a s3cret.long$ and a s3cret, and tiny")).toBe("a *** and a ***, and tiny")
    const value = { url: "http://u:s3cret@h", s3cret: [1, null, { deep: "xs3cretx" }] }
    expect(masker.value(value)).toEqual({ url: "http://u:***@h", "***": [1, null, { deep: "x***x" }] })
  })

  it("knows a bounded number of secrets", () => {
    const masker = makeMasker()
    masker.add(Array.from({ length: maskedTextsMax + 1 }, (_, place) => `secret-${place}-`))
    expect(masker.text("secret-0- secret-1-")).toBe("secret-0- ***")
  })
})

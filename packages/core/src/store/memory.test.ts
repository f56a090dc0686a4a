import { storeContract } from "../testing/store-contract/index.ts"
import { makeMemoryStore } from "./memory.ts"

storeContract("memory", () => {
  let now = Date.UTC(2026, 0, 1)
  return Promise.resolve({
    store: makeMemoryStore({ now: () => now }),
    elapse: (ms) => {
      now += ms
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  })
})

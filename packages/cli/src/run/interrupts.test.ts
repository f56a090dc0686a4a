import { expect, it, vi } from "vitest"
import { listenForInterrupts } from "./interrupts.ts"

it("takes a doubled signal of one Ctrl-C as one, and a later one as the second", () => {
  const clock = vi.spyOn(performance, "now")
  const onSecond = vi.fn<() => void>()
  const interrupts = listenForInterrupts(onSecond)
  clock.mockReturnValue(1000)
  process.emit("SIGINT", "SIGINT")
  expect(interrupts.signal.aborted).toBe(true)
  clock.mockReturnValue(1005)
  process.emit("SIGINT", "SIGINT")
  expect(onSecond).not.toHaveBeenCalled()
  clock.mockReturnValue(2000)
  process.emit("SIGINT", "SIGINT")
  expect(onSecond).toHaveBeenCalledOnce()
  interrupts.close()
  expect(process.listenerCount("SIGINT")).toBe(0)
  clock.mockRestore()
})

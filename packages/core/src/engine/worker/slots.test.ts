import { fc, test } from "@fast-check/vitest"
import { expect } from "vitest"
import { aheadMs, Slots } from "./slots.ts"

const now = 1_000

test("four slow instances leave the other slots to others", () => {
  const slots = new Slots({ total: 64, lanes: 4 })
  for (const id of ["a", "b", "c", "d"]) slots.take(id, 1)
  expect(slots.leasesWanted(now)).toBeGreaterThanOrEqual(4)
})

test("single instances are soon claimed as many at once as there are slots, and large leases few again", () => {
  const slots = new Slots({ total: 64, lanes: 4 })
  for (let n = 0; n < 20; n++) {
    slots.take(String(n), 1)
    slots.shrink(String(n), 0)
  }
  expect(slots.leasesWanted(now)).toBeGreaterThan(60)
  for (const id of ["a", "b", "c"]) slots.take(id, 1_000)
  slots.shrink("a", 0)
  expect(slots.leasesWanted(now)).toBeLessThan(5)
})

test("four large leases fill a worker of four lanes", () => {
  const slots = new Slots({ total: 64, lanes: 4 })
  expect(["a", "b", "c", "d"].map((id) => slots.take(id, 1000))).toEqual([16, 16, 16, 16])
  expect(slots.leasesWanted(now)).toBe(0)
})

test("a lease that runs out gives its slots back one by one", () => {
  const slots = new Slots({ total: 4, lanes: 2 })
  slots.take("a", 10)
  slots.take("b", 10)
  expect(slots.shrink("a", 5)).toBe(false)
  expect(slots.shrink("a", 1)).toBe(true)
  expect(slots.leasesWanted(now)).toBe(1)
  expect(slots.take("c", 10)).toBe(1)
})

test("the next lease is claimed when one is about to end, and waits for its slots", () => {
  const slots = new Slots({ total: 4, lanes: 2 })
  slots.take("a", 10)
  slots.take("b", 10)
  slots.expect("a", now + aheadMs + 5)
  expect(slots.leasesWanted(now)).toBe(0)
  expect(slots.msUntilNear(now)).toBe(5)
  expect(slots.leasesWanted(now + 5)).toBe(1)
  const began: number[] = []
  slots.whenFree(() => began.push(slots.take("c", 10)))
  expect(slots.leasesWanted(now + 5)).toBe(0)
  slots.shrink("b", 0)
  expect(began).toEqual([2])
})

test("a lease that is long overdue promises nothing", () => {
  const slots = new Slots({ total: 2, lanes: 1 })
  slots.take("a", 10)
  slots.expect("a", now)
  expect(slots.leasesWanted(now + aheadMs + 1)).toBe(0)
  expect(slots.msUntilNear(now + aheadMs + 1)).toBe(Number.POSITIVE_INFINITY)
})

test.prop([
  fc.integer({ min: 1, max: 100 }),
  fc.integer({ min: 1, max: 10 }),
  fc.array(fc.tuple(fc.boolean(), fc.nat(9), fc.integer({ min: 1, max: 50 }))),
])("slots in use never exceed the total, and come back whole", (total, lanes, steps) => {
  const slots = new Slots({ total, lanes })
  const held = new Map<string, number>()
  let next = 0
  for (const [takes, pick, instances] of steps) {
    if (takes) {
      for (let wanted = slots.leasesWanted(now); wanted > 0; wanted--) {
        const id = String(next++)
        held.set(id, slots.take(id, instances, wanted - 1))
      }
    } else {
      const id = [...held.keys()][pick]
      if (id === undefined) continue
      slots.shrink(id, 0)
      held.delete(id)
    }
    const used = [...held.values()].reduce((sum, one) => sum + one, 0)
    expect(used).toBeLessThanOrEqual(total)
  }
  for (const id of held.keys()) slots.shrink(id, 0)
  expect(slots.leasesWanted(now)).toBeGreaterThanOrEqual(new Slots({ total, lanes }).leasesWanted(now))
  expect(slots.leasesWanted(now)).toBeLessThanOrEqual(total)
})

import { dag, task } from "sluice"

/** Fails, and what follows it fails with it. */
export default dag("billing", { description: "Closes the month", tags: ["finance"] }, () => {
  const close = task(
    "close_month",
    async (_: void, ctx): Promise<number> => {
      ctx.log.info("asking the ledger")
      throw new Error("the ledger of 2026-10 is locked by ada")
    },
    { retries: 1, retryDelay: "100ms" },
  )()
  task("send_invoices", async ({ total }: { total: number }) => total)({ total: close })
})

import { after, dag, task } from "sluice"

/** Waits without holding a slot: every request is deferred for an hour. */
export default dag("approval", { description: "Asks three people, and waits", tags: ["demo"] }, () => {
  const ask = task(
    "ask",
    async (person: string, ctx) => {
      ctx.log.info(`asked ${person}`)
      return ctx.defer(after("1h"), { resume: "answered" })
    },
    { resume: { answered: async (person) => `${person} says yes` } },
  )
  ask.expand(["ada", "grace", "edsger"])
})

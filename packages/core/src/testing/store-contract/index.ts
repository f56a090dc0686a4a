import { describe } from "vitest"
import { assetContract } from "./assets.ts"
import { backfillContract } from "./backfills.ts"
import { cancellingContract } from "./cancelling.ts"
import { claimShareContract } from "./claim-shares.ts"
import { fairnessContract } from "./fairness.ts"
import { catalogContract } from "./catalogs.ts"
import { claimContract } from "./claims.ts"
import { controlContract } from "./control.ts"
import { dagContract } from "./dags.ts"
import { decisionContract } from "./decisions.ts"
import { dagFileContract } from "./dag-files.ts"
import { deletionContract } from "./deletions.ts"
import { definitionContract } from "./definitions.ts"
import type { ContractOptions, OpenStore } from "./harness.ts"
import { gateContract, setupContract } from "./gates.ts"
import { eventContract } from "./events.ts"
import { extensionContract } from "./extensions.ts"
import { historyContract } from "./histories.ts"
import { identityContract } from "./identities.ts"
import { keyContract } from "./keys.ts"
import { limitContract } from "./limits.ts"
import { outcomeContract } from "./outcomes.ts"
import { pageContract } from "./pages.ts"
import { planContract } from "./plans.ts"
import { parseContract } from "./parses.ts"
import { poolContract } from "./pools.ts"
import { pullingContract } from "./pulling.ts"
import { readContract } from "./reads.ts"
import { redriveContract } from "./redrives.ts"
import { repairContract } from "./repairs.ts"
import { releaseContract } from "./releases.ts"
import { retryContract } from "./retries.ts"
import { loopContract } from "./loops.ts"
import { liveContract } from "./live.ts"
import { roleContract } from "./roles.ts"
import { runContract } from "./runs.ts"
import { stoppingContract } from "./stopping.ts"
import { streamContract } from "./streams.ts"
import { triggerContract } from "./triggers.ts"
import { vaultContract } from "./vault.ts"
import { waitContract } from "./waits.ts"

export * from "./dag-fixture.ts"
export * from "./harness.ts"
export * from "./run-effect.ts"
export * from "./world.ts"

/** The chapters of the contract. A slow store reads each in a test file of its own, so that they run side by side. */
const chapters = {
  runs: (open, options) => {
    definitionContract(open)
    dagFileContract(open)
    runContract(open)
    parseContract(open)
    dagContract(open)
    planContract(open)
    backfillContract(open)
    assetContract(open)
    cancellingContract(open)
    readContract(open)
    roleContract(open)
    liveContract(open)
    identityContract(open)
    catalogContract(open)
    eventContract(open)
    vaultContract(open)
    deletionContract(open, options)
  },
  instances: (open, options) => {
    pullingContract(open)
    pageContract(open)
    keyContract(open, options)
    decisionContract(open)
    gateContract(open)
    setupContract(open)
    streamContract(open)
    claimContract(open)
    claimShareContract(open, options)
    fairnessContract(open, options)
    poolContract(open)
    limitContract(open)
    outcomeContract(open)
    retryContract(open)
    triggerContract(open)
    releaseContract(open)
    waitContract(open)
  },
  changes: (open, options) => {
    redriveContract(open)
    loopContract(open)
    extensionContract(open)
    repairContract(open)
    controlContract(open)
    stoppingContract(open)
    historyContract(open, options)
  },
} satisfies Record<string, (open: OpenStore, options: ContractOptions) => void>

/** A chapter of the contract. */
export type ContractChapter = keyof typeof chapters

/** Describes what every store does, all of it or one chapter. What is not here is not promised. */
export function storeContract(
  name: string,
  open: OpenStore,
  options: ContractOptions & { readonly chapter?: ContractChapter } = {},
): void {
  const { chapter } = options
  const told = chapter === undefined ? Object.values(chapters) : [chapters[chapter]]
  describe(`the ${name} store`, () => {
    for (const tell of told) tell(open, options)
  })
}

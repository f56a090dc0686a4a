import { storeContract } from "@sluice/core/testing"
import { openTestStore } from "./store.test.fixture.ts"

storeContract("Postgres", openTestStore, { slow: true, chapter: "changes" })

import { runCommandMain } from "sluice/run"
import { demo } from "./demo.ts"

await runCommandMain(demo)

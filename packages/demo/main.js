import { launch } from "sluice/launch"

await launch(new URL("./", import.meta.url), "main")

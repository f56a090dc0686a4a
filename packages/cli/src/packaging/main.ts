import { resolve } from "node:path"
import { packSluice } from "./pack.ts"

const [folder = "."] = process.argv.slice(2)
console.log(await packSluice(resolve(folder)))

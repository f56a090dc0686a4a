#!/usr/bin/env node
import { launch } from "./launch.js"

await launch(new URL("../", import.meta.url), "main")

import { defineConfig, mergeConfig } from "vitest/config"
import base from "./vitest.config.ts"

// What needs more than the repository: a Python, and a package index to install clients of Airflow from.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({ test: { include: ["test/compat/*.compat.ts"] } }),
)

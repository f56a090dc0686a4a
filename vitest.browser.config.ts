import { defineConfig, mergeConfig } from "vitest/config"
import base from "./vitest.config.ts"

// What needs a browser: the web UI, driven in one Chromium over a real server.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({
    test: {
      include: ["test/browser/*.browser.ts"],
      globalSetup: ["packages/ui/build-once.js"],
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 120_000,
      expect: { poll: { timeout: 20_000 } },
    },
  }),
)

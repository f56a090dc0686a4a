import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"

// The source condition makes every package of the workspace resolve to its TypeScript: tests need no build.
const conditions = ["@sluice/source"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    typecheck: { enabled: false },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Many files mostly wait: for leases to expire, for processes to start and to end.
    maxWorkers: Math.max(3, availableParallelism()),
    globalSetup: ["packages/postgres/src/testing-setup.ts"],
    execArgv: ["--conditions=@sluice/source"],
  },
})

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
    globalSetup: ["packages/postgres/src/testing-setup.ts"],
    execArgv: ["--conditions=@sluice/source"],
  },
})

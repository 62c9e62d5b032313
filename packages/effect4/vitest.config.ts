import { existsSync } from "node:fs"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    passWithNoTests: !existsSync("test"),
    // Files share nothing but the modules they import: one process for all, so that Effect is loaded once.
    isolate: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/skipped.ts"],
          // Ends what hangs, on the slowest machine too; no test measures time.
          testTimeout: 60_000,
          typecheck: { enabled: true, include: ["test/**/*.test-d.ts"] }
        }
      },
      { test: { name: "docs", include: [".doctest/**/*.test.ts"], testTimeout: 60_000 } }
    ]
  }
})

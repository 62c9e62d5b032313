import { existsSync } from "node:fs"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    passWithNoTests: !existsSync("test"),
    // Nothing here has state of its own: one process for all files, and a third of the time.
    isolate: false,
    // All cores: one less is the default.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          // Ends what hangs, on the slowest machine too; no test measures time.
          testTimeout: 60_000,
          typecheck: { enabled: true, include: ["test/**/*.test-d.ts"] }
        }
      },
      { test: { name: "docs", include: [".doctest/**/*.test.ts"], testTimeout: 60_000 } }
    ]
  }
})

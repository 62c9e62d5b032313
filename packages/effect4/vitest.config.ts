import { existsSync } from "node:fs"
import { defineConfig } from "vitest/config"

// Ends what hangs, on the slowest machine too; no test measures time.
const testTimeout = 180_000
const fleet = "test/**/Fleet*.test.ts"

export default defineConfig({
  test: {
    passWithNoTests: !existsSync("test"),
    // Files share nothing but the modules they import: one process for all, so that Effect is loaded once.
    isolate: false,
    // All cores: one less is the default.
    maxWorkers: "100%",
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [fleet],
          testTimeout,
          typecheck: { enabled: true, include: ["test/**/*.test-d.ts"] }
        }
      },
      {
        test: {
          name: "fleet",
          include: [fleet],
          // Twenty processes on one server need the machine for themselves: on a busy one they fail as a fleet would on a busy one.
          sequence: { groupOrder: 1 },
          maxWorkers: 1,
          globalSetup: ["test/skipped.ts"],
          testTimeout
        }
      },
      { test: { name: "docs", include: [".doctest/**/*.test.ts"], testTimeout } }
    ]
  }
})

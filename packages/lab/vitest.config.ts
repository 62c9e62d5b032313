import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    // Nothing here has state of its own: one process for all files.
    isolate: false,
    // All cores: one less is the default.
    maxWorkers: "100%",
    include: ["test/**/*.test.ts"],
    // Ends what hangs, on the slowest machine too; no test measures time.
    testTimeout: 60_000
  }
})

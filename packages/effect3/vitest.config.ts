import { existsSync } from "node:fs"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    passWithNoTests: !existsSync("test"),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          typecheck: { enabled: true, include: ["test/**/*.test-d.ts"] }
        }
      },
      { test: { name: "docs", include: [".doctest/**/*.test.ts"] } }
    ]
  }
})

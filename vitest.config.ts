import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["tests/unit/**/*.test.ts"] } },
      {
        test: {
          name: "functions",
          include: ["tests/functions/**/*.test.ts", "tests/local/**/*.test.ts"],
          // One stack serves all files, and the emulators' behaviour is the stack's.
          fileParallelism: false,
          globalSetup: ["tests/helpers/stack-setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

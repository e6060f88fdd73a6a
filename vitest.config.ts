import { defineConfig } from "vitest/config";

/** Each has a stack of its own, which its files use one after the other. */
const WORKERS = Number(process.env.PARLEY_TEST_WORKERS ?? 3);

/** Files of all projects share the workers; a worker loads what they import once. */
const shared = {
  maxWorkers: WORKERS,
  isolate: false,
  // What is polled comes when it comes; how busy the machine is says nothing about the code.
  expect: { poll: { timeout: 10_000 } },
} as const;
/** A stack starts and answers within seconds; on a busy machine it takes many times as long. */
const onStack = { ...shared, testTimeout: 60_000, hookTimeout: 120_000 } as const;
/** Looks through the logs of the whole run, so it comes when nothing else runs any more. */
const LAST = ["tests/functions/logs/whole-suite.test.ts"];

export default defineConfig({
  test: {
    tags: [{ name: "matrix", description: "Draws its cases; see tests/helpers/matrix.ts." }],
    globalSetup: ["tests/helpers/stack-setup.ts"],
    projects: [
      {
        test: {
          ...shared,
          name: "unit",
          include: ["tests/unit/**/*.test.ts", "packages/**/*.test.ts"],
          testTimeout: 15_000,
        },
      },
      {
        test: {
          ...onStack,
          name: "functions",
          include: ["tests/{functions,stack,faults,operations,deploy,docs,own}/**/*.test.ts"],
          exclude: LAST,
        },
      },
      { test: { ...onStack, name: "logs", include: LAST, sequence: { groupOrder: 1 } } },
      {
        test: {
          name: "upgrade",
          include: ["tests/upgrade/**/*.test.ts"],
          // One server with a database a test: the tests need nothing of a stack.
          globalSetup: ["tests/upgrade/databases-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Runs files that start stacks of their own first: they take longest, and the others fill the gaps at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) =>
      readFileSync(moduleId, "utf8").includes("own-stack.ts");
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

/** The number of workers. Each has a stack of its own, which its files use one after the other. */
const WORKERS = Number(process.env.PARLEY_TEST_WORKERS ?? 3);

/** Files of all projects share the workers, and a worker loads an imported module once. */
const shared = {
  maxWorkers: WORKERS,
  isolate: false,
  // A busy machine may delay a polled event for seconds, and that is no fault of the code.
  expect: { poll: { timeout: 10_000 } },
} as const;
/** A stack starts and answers within seconds, but a busy machine takes many times as long. */
const onStack = { ...shared, testTimeout: 60_000, hookTimeout: 120_000 } as const;
/** Looks through the logs of the whole run, so it runs after all other files. */
const LAST = ["tests/functions/logs/whole-suite.test.ts"];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
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
          include: ["tests/{functions,stack,faults,operations,docs,own}/**/*.test.ts"],
          exclude: LAST,
        },
      },
      { test: { ...onStack, name: "client", include: ["tests/client/**/*.test.ts"] } },
      { test: { ...onStack, name: "deploy", include: ["tests/deploy/**/*.test.ts"] } },
      { test: { ...onStack, name: "logs", include: LAST, sequence: { groupOrder: 1 } } },
      {
        test: {
          name: "upgrade",
          include: ["tests/upgrade/**/*.test.ts"],
          // One server with a database for each test. These tests do not need a stack.
          globalSetup: ["tests/upgrade/databases-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});

import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The file that looks through the log of the whole suite runs when there is nothing left to log. */
class LogLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLast = ({ moduleId }: TestSpecification) => moduleId.endsWith("whole-suite.test.ts");
    const sorted = await super.sort(files);
    return [...sorted.filter((file) => !isLast(file)), ...sorted.filter(isLast)];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LogLast },
    projects: [
      { test: { name: "unit", include: ["tests/unit/**/*.test.ts", "packages/**/*.test.ts"] } },
      {
        test: {
          name: "functions",
          include: ["tests/{functions,stack,faults,operations,deploy,docs}/**/*.test.ts"],
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

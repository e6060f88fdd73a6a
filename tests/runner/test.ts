// `npm test`: database tests, then unit tests and tests against running stacks. The last line counts all of them:
// `N passed, N failed`.
import { report, runCounted, runVitest } from "./test-runs.ts";

const PROJECTS = ["unit", "functions", "logs"];

report([
  await runCounted("node", ["tests/database/runner/main.ts"]),
  await runVitest(PROJECTS.flatMap((project) => ["--project", project])),
]);

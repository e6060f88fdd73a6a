// `npm run test:upgrade [-- path …]`: tests of migrations, of deployment, and of the limits of a hosted project. The
// last line counts them: `N passed, N failed`.
import { report, runVitest } from "./test-runs.ts";

report([
  await runVitest(["--project", "upgrade", "--project", "deploy", ...process.argv.slice(2)]),
]);

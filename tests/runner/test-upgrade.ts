// `npm run test:upgrade [-- path …]`: tests of migrations. The last line counts them: `N passed, N failed`.
import { report, runVitest } from "./test-runs.ts";

report([await runVitest(["--project", "upgrade", ...process.argv.slice(2)])]);

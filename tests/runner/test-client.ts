// `npm run test:client`: the hooks of parley-client in a browser, and foreign projects that install the packed client.
// The last line counts them: `N passed, N failed`.
import { report, runVitest } from "./test-runs.ts";

report([await runVitest(["--project", "client", ...process.argv.slice(2)])]);

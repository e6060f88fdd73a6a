// `npm run status`: prints the addresses and keys of the running stack. Exits with 1, without output on stdout, while
// no stack is ready.
import { loadEnvFile, readSettings } from "../local/stack/settings.ts";
import { explainMissingStack, readStatus } from "../local/stack/status.ts";

loadEnvFile();
const { stateDir } = readSettings();
const status = await readStatus(stateDir);
if (!status) {
  console.error(await explainMissingStack(stateDir));
  process.exitCode = 1;
} else if (process.argv.includes("--json")) {
  console.log(JSON.stringify(status, null, 2));
} else {
  for (const [name, value] of Object.entries(status)) {
    console.log(`${name}=${JSON.stringify(value)}`);
  }
}

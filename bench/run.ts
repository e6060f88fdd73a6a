// `npm run bench`: prints what was measured; names as arguments choose some of the benchmarks.
import { measureAccount } from "./account.ts";
import { measureAdmin } from "./admin.ts";
import { measureFiles } from "./files.ts";
import { measureBilling } from "./billing.ts";
import { measureFirstToken } from "./first-token.ts";
import { measureLookouts } from "./lookouts.ts";
import type { Measure } from "./report.ts";
import { measureRest } from "./rest.ts";
import { measureRetention } from "./retention.ts";
import { measureRoundTrips } from "./round-trips.ts";
import { measureRowSecurity } from "./row-security.ts";
import { measureStart } from "./start.ts";
import { measureTurns } from "./turns.ts";

const benchmarks: Record<string, () => Promise<Measure[]>> = {
  start: measureStart,
  "round-trips": measureRoundTrips,
  "first-token": measureFirstToken,
  files: measureFiles,
  turns: measureTurns,
  rest: measureRest,
  "row-security": measureRowSecurity,
  admin: measureAdmin,
  account: measureAccount,
  billing: measureBilling,
  retention: measureRetention,
  lookouts: measureLookouts,
};

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  console.error(
    `No such benchmark: ${unknown.join(", ")}. There are: ${Object.keys(benchmarks).join(", ")}`,
  );
  process.exit(1);
}
for (const [name, measure] of Object.entries(benchmarks)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  for (const { name: what, value } of await measure()) console.log(`${what.padEnd(52)} ${value}`);
}
process.exit();

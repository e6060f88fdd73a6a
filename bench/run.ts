// `npm run bench` prints the results as a table and writes them to a file. Names as arguments choose
// benchmarks. `-- --scale 5m` runs the benchmark `scale` up to 5 million messages. `soak` takes minutes, so
// it runs only by name: `-- soak --users 100 --minutes 5`.
import { parseArgs } from "node:util";
import { measureAccount } from "./account.ts";
import { measureAdmin } from "./admin.ts";
import { measureBilling } from "./billing.ts";
import { measureBrokenTurns } from "./broken-turns.ts";
import { measureBundles } from "./bundles.ts";
import { measureFanOut } from "./fan-out.ts";
import { measureFiles } from "./files.ts";
import { measureFirstToken } from "./first-token.ts";
import { measureLiveEvents } from "./live-events.ts";
import { measureLookouts } from "./lookouts.ts";
import type { Measure } from "./report.ts";
import { measureRest } from "./rest.ts";
import { measureRetention } from "./retention.ts";
import { type BenchResult, writeResults } from "./results.ts";
import { measureRoundTrips } from "./round-trips.ts";
import { measureScale } from "./scale.ts";
import { isSize, SIZES } from "./scale/sizes.ts";
import { measureSoak } from "./soak.ts";
import { measureStart } from "./start.ts";
import { formatRow, HEADING } from "./table.ts";
import { measureTools } from "./tools.ts";
import { measureTurns } from "./turns.ts";

const { values, positionals } = parseArgs({
  options: {
    scale: { type: "string" },
    users: { type: "string", default: "100" },
    minutes: { type: "string", default: "5" },
  },
  allowPositionals: true,
});
const { scale = "500k" } = values;
if (!isSize(scale)) fail(`--scale takes one of ${Object.keys(SIZES).join(", ")}.`);

/** The benchmarks that run if none is named. */
const usual: Record<string, () => Promise<Measure[]>> = {
  start: measureStart,
  "round-trips": measureRoundTrips,
  "first-token": measureFirstToken,
  files: measureFiles,
  turns: measureTurns,
  tools: measureTools,
  rest: measureRest,
  admin: measureAdmin,
  account: measureAccount,
  billing: measureBilling,
  retention: measureRetention,
  lookouts: measureLookouts,
  "fan-out": measureFanOut,
  "broken-turns": measureBrokenTurns,
  "live-events": measureLiveEvents,
  bundles: measureBundles,
  scale: () => measureScale(scale),
};
const benchmarks: typeof usual = {
  ...usual,
  soak: () => measureSoak({ users: Number(values.users), minutes: Number(values.minutes) }),
};

const chosen = values.scale === undefined ? positionals : [...positionals, "scale"];
const unknown = chosen.filter((name) => !(name in benchmarks));
if (unknown.length > 0) {
  fail(
    `No such benchmark: ${unknown.join(", ")}. There are: ${Object.keys(benchmarks).join(", ")}`,
  );
}

const startedAt = new Date();
const results: BenchResult[] = [];
console.log(HEADING);
const wanted = chosen.length > 0 ? chosen : Object.keys(usual);
for (const [benchmark, run] of Object.entries(benchmarks)) {
  if (!wanted.includes(benchmark)) continue;
  const begunAt = performance.now();
  const measures = await run();
  for (const measure of measures) console.log(formatRow(measure));
  results.push({ benchmark, seconds: (performance.now() - begunAt) / 1000, measures });
}
console.log(`\nEvery number: ${await writeResults(startedAt, results)}`);
process.exit();

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

// `npm run test:sample` and `npm run test:long`: the tests that draw their cases (see tests/helpers/matrix.ts). The
// sample takes some cases from a new seed; the long run takes all cases and adds a soak.
// Every matrix prints its seed and its number of cases. PARLEY_TEST_SEED repeats a run. Paths as arguments choose
// files. The last line counts the tests: `N passed, N failed`.
import { randomInt } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { type Count, report, runVitest, runWhole } from "./test-runs.ts";

const { values: { long }, positionals } = parseArgs({
  options: { long: { type: "boolean", default: false } },
  allowPositionals: true,
});
const env = {
  PARLEY_TEST_SIZE: long ? "full" : "sample",
  PARLEY_TEST_SEED: process.env.PARLEY_TEST_SEED ?? String(randomInt(1, 1_000_000_000)),
};
console.log(`PARLEY_TEST_SEED=${env.PARLEY_TEST_SEED} repeats this run.`);

const files = await findFiles(positionals);
const counts: Count[] = [await runVitest([...files, "--tags-filter=matrix"], env)];
if (long && positionals.length === 0) {
  counts.push(await runWhole("node", ["bench/run.ts", "soak"]));
}
report(counts);

/** Returns the files with tests that draw their cases; with filters, only those whose path contains one. */
async function findFiles(filters: string[]): Promise<string[]> {
  const all = await Array.fromAsync(glob("tests/**/*.test.ts", { cwd: REPOSITORY }));
  const chosen: string[] = [];
  for (const file of all.sort()) {
    const text = await readFile(path.join(REPOSITORY, file), "utf8");
    const isWanted = filters.length === 0 || filters.some((filter) => file.includes(filter));
    if (isWanted && text.includes("helpers/matrix.ts")) chosen.push(file);
  }
  if (chosen.length === 0) throw new Error(`No tests match ${filters.join(", ")}.`);
  return chosen;
}

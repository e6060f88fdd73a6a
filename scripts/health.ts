// `npm run db:health [-- --json] [--url …]`: what the database says of itself. Exit code 1 when something is wrong.
import { parseArgs } from "node:util";
import { findDatabase, withConnection } from "./operations/find-database.ts";
import { findProblems } from "./operations/find-problems.ts";
import { formatHealth } from "./operations/format-health.ts";
import { readHealth } from "./operations/read-health.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values } = parseArgs({
    options: { url: { type: "string" }, json: { type: "boolean", default: false } },
  });
  const url = await findDatabase(values.url);
  const health = await withConnection(url, (client) => readHealth(client, new Date()));
  const problems = findProblems(health);
  console.log(
    values.json
      ? JSON.stringify({ is_healthy: problems.length === 0, problems, ...health }, null, 2)
      : formatHealth(health, problems),
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
});

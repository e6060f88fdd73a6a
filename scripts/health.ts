// `npm run db:health [-- --json] [--url …]`: prints a report on the database. Exits with 1 when it finds a problem.
import { parseArgs } from "node:util";
import { withConnection } from "../local/postgres/with-connection.ts";
import { findDatabase } from "./operations/find-database.ts";
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

// `npm run schedules [-- --url …]`: lists the schedules with their last runs and results. Times are UTC.
import { parseArgs } from "node:util";
import { withConnection } from "../local/postgres/with-connection.ts";
import { findDatabase } from "./operations/find-database.ts";
import { formatSchedules } from "./operations/format-schedules.ts";
import { readSchedules } from "./operations/read-schedules.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values } = parseArgs({ options: { url: { type: "string" } } });
  const url = await findDatabase(values.url);
  const schedules = await withConnection(url, (client) => readSchedules(client, new Date()));
  console.log(formatSchedules(schedules));
});

// `npm run db:backup -- [--url …] [--dir backups] [--keep N]`: writes an archive of the database, and its checksum.
import path from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { REPOSITORY } from "../local/stack/settings.ts";
import { backUp } from "./operations/back-up.ts";
import { describeDatabase, findDatabase } from "./operations/find-database.ts";
import { runScript } from "./operations/run-script.ts";

const Keep = z.coerce.number().int().min(1).optional();

await runScript(async () => {
  const { values } = parseArgs({
    options: {
      url: { type: "string" },
      dir: { type: "string", default: "backups" },
      keep: { type: "string" },
    },
  });
  const keep = Keep.safeParse(values.keep);
  if (!keep.success) {
    throw new Error("--keep needs the number of backups to keep: a whole number from 1.");
  }
  const url = await findDatabase(values.url);
  const directory = path.resolve(REPOSITORY, values.dir);
  const archive = await backUp({ url, directory, keep: keep.data });
  console.log(`Backed up ${describeDatabase(url)} to ${archive}`);
});

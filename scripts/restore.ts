// `npm run db:restore -- backups/….dump [--url …] [--yes]`: makes the database what an archive of `db:backup` says.
import path from "node:path";
import { parseArgs } from "node:util";
import confirm from "@inquirer/confirm";
import { verifyChecksum } from "./operations/checksum.ts";
import { describeDatabase, findDatabase } from "./operations/find-database.ts";
import { restoreArchive } from "./operations/restore-archive.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values, positionals } = parseArgs({
    options: { url: { type: "string" }, yes: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const [file, ...rest] = positionals;
  if (!file || rest.length > 0) {
    throw new Error("Usage: npm run db:restore -- backups/….dump [--url …] [--yes]");
  }
  const archive = path.resolve(file);
  await verifyChecksum(archive);
  const url = await findDatabase(values.url);
  if (!values.yes && !await agrees(url)) throw new Error("Nothing was changed.");
  await restoreArchive(archive, url);
  console.log(`Restored ${describeDatabase(url)} from ${archive}`);
});

/** Whether the person at the terminal wants this database overwritten. Rejects where nobody can be asked. */
async function agrees(url: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new Error("Nobody can be asked without a terminal: --yes overwrites without asking.");
  }
  const message = `Everything in ${describeDatabase(url)} is overwritten. Go on?`;
  // Ctrl-C is a no.
  return await confirm({ message, default: false }).catch(() => false);
}
